package codecov

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
)

// CommitExists reports whether Codecov has a commit. It reports false only if Codecov itself answers that it has none; any other answer
// is an error.
func (c *Client) CommitExists(ctx context.Context, owner, repository, sha string) (bool, error) {
	err := c.get(ctx, nil, []string{string(c.service), owner, "repos", repository, "commits", sha}, nil, func(body []byte) error { return json.Unmarshal(body, new(any)) })
	apiError := (*APIError)(nil)
	if errors.As(err, &apiError) && apiError.Status == http.StatusNotFound && apiError.Message == "No Commit matches the given query." {
		return false, nil
	}
	return err == nil, err
}
