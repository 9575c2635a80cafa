package codecov

import "errors"

// IsPartial reports whether err ended a list early although the rows before it can be used: it is a *TruncatedListError
// or an *IncompleteError.
func IsPartial(err error) bool {
	truncated, incomplete := (*TruncatedListError)(nil), (*IncompleteError)(nil)
	return errors.As(err, &truncated) || errors.As(err, &incomplete)
}
