package codecov

import (
	"context"
	"encoding/json"
	"net/http"
)

// RepositoryExists reports whether Codecov has a repository of that name, compared without case. It returns false only
// if Codecov itself answers so, for example after the repository was renamed. Every other failure, lost access for
// example, is an error. A repository that was erased at Codecov is in no list, but still exists.
// It sends one request, for one commit: the address of the repository itself would ask the git provider.
func (c *Client) RepositoryExists(ctx context.Context, owner, repository string) (bool, error) {
	_, err := c.CountCommits(ctx, owner, repository, CommitsOptions{})
	return exists(err, "No Repository matches the given query.")
}

// CommitExists reports whether a repository has the commit with that full sha, on any branch. It returns false only if
// Codecov has the repository, but not the commit. Every other failure, lost access for example, is an error. A commit
// that was erased at Codecov does not exist.
func (c *Client) CommitExists(ctx context.Context, owner, repository, sha string) (bool, error) {
	segments := []string{string(c.service), owner, "repos", repository, "commits", sha}
	var commit struct {
		CommitID string `json:"commitid"`
	}
	err := c.get(ctx, newTries(1), segments, nil, func(body []byte) error { return json.Unmarshal(body, &commit) })
	return exists(err, "No Commit matches the given query.")
}

// exists returns false for the answer that says so, and any other error.
func exists(err error, missing string) (bool, error) {
	if isAnswer(err, http.StatusNotFound, missing) {
		return false, nil
	}
	return err == nil, err
}
