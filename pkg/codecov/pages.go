package codecov

import (
	"context"
	"errors"
	"hash/maphash"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"strconv"
)

// page is the shape of every list. Its "next" is left unread on purpose: the cloud gives an http:// address
// there, and following it would send the token in clear text.
type page[T any] struct {
	Count      int `json:"count"`
	TotalPages int `json:"total_pages"`
	Results    []T `json:"results"`
}

// pages counts its way through a list, a request a page, and gives the rows. The error comes once and last.
func pages[T any](ctx context.Context, c *Client, segments []string, query url.Values, size int) iter.Seq2[T, error] {
	if size <= 0 {
		size = c.pageSize
	}
	return func(yield func(T, error) bool) {
		query := maps.Clone(query)
		for number := 1; ; number++ {
			var answer page[T]
			query.Set("page_size", strconv.Itoa(size))
			query.Set("page", strconv.Itoa(number))
			if err := c.get(ctx, segments, query, &answer); err != nil {
				if number > 1 && isPastTheEnd(err) {
					return // rows have gone since the page before
				}
				var none T
				yield(none, err)
				return
			}
			for _, row := range answer.Results {
				if !yield(row, nil) {
					return
				}
			}
			if number*size >= answer.Count || len(answer.Results) == 0 {
				return
			}
		}
	}
}

func isPastTheEnd(err error) bool {
	apiError := (*APIError)(nil)
	return errors.As(err, &apiError) && apiError.Status == http.StatusNotFound && apiError.Message == "Invalid page."
}

// once drops the rows whose key was given before: rows move onto later pages while one reads.
// A key is remembered as 16 bytes, whatever its length.
func once[T any](rows iter.Seq2[T, error], key func(T) string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		first, second := maphash.MakeSeed(), maphash.MakeSeed()
		seen := make(map[[2]uint64]struct{})
		for row, err := range rows {
			if err == nil {
				fingerprint := [2]uint64{maphash.String(first, key(row)), maphash.String(second, key(row))}
				if _, repeated := seen[fingerprint]; repeated {
					continue
				}
				seen[fingerprint] = struct{}{}
			}
			if !yield(row, err) {
				return
			}
		}
	}
}
