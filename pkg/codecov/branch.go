package codecov

import (
	"context"
	"net/url"
	"strconv"
	"time"
)

// Branch is a row of Codecov's list of branches.
type Branch struct {
	Name        string    `json:"name"` // "" and names of forks, owner/repo:branch, occur
	UpdateStamp time.Time `json:"updatestamp"`
}

// Branches returns the 20 branches of a repository that were updated last, newest first. The error is an *APIError.
func (c *Client) Branches(ctx context.Context, owner, repository string) ([]Branch, error) {
	const size = 20
	segments := []string{string(c.service), owner, "repos", repository, "branches"}
	var answer page[Branch]
	err := c.get(ctx, newTries(1), segments, url.Values{"page_size": {strconv.Itoa(size)}}, answer.decode)
	rows, _ := answer.split(0, place{}, "")
	return rows, err
}
