package codecov

import (
	"context"
	"net/http"
)

// RepositoryExists reports whether Codecov has a repository of that name, compared without case. It returns false only
// if Codecov itself answers so, for example after the repository was renamed. Every other failure, lost access for
// example, is an error. A repository that was erased at Codecov is in no list, but still exists.
// It sends one request, for one commit: the address of the repository itself would ask the git provider.
func (c *Client) RepositoryExists(ctx context.Context, owner, repository string) (bool, error) {
	_, err := c.CountCommits(ctx, owner, repository, CommitsOptions{})
	if isAnswer(err, http.StatusNotFound, "No Repository matches the given query.") {
		return false, nil
	}
	return err == nil, err
}
