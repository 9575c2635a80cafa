package port

import (
	"errors"
	"strings"
)

const tokenPath = "/v1/auth/access_token"

// IsPermissionError tells whether an error says that Port takes the credentials but does not let them do what was asked.
// It answers with 403 then or, for some addresses, with 401; credentials that it refuses altogether are something else.
func IsPermissionError(err error) bool {
	apiError := (*APIError)(nil)
	if !errors.As(err, &apiError) || strings.HasSuffix(apiError.Address, tokenPath) {
		return false
	}
	return errors.Is(err, ErrForbidden) || errors.Is(err, ErrUnauthorized)
}
