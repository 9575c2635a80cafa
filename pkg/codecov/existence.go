package codecov

import (
	"context"
	"errors"
	"net/http"
)

// unknownRepository is what Codecov itself answers for a repository that it does not have. A repository that the token
// may not see has other words: "Not found.", or the git provider's.
const unknownRepository = "No Repository matches the given query."

// KnowsRepository asks Codecov for one repository by its name, compared without case. It gives false only where Codecov
// itself answers that it has none: one that was renamed, for instance. A repository that was deleted at Codecov is in no
// list and known all the same. Every other answer is an error, an *APIError: it tells nothing of the repository.
// It is one request, for one commit: a repository's own address would ask the git provider.
func (c *Client) KnowsRepository(ctx context.Context, owner, repository string) (bool, error) {
	_, err := c.CountCommits(ctx, owner, repository, CommitsOptions{})
	apiError := (*APIError)(nil)
	if errors.As(err, &apiError) && apiError.Status == http.StatusNotFound && apiError.Message == unknownRepository {
		return false, nil
	}
	return err == nil, err
}
