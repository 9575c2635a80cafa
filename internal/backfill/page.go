package backfill

import (
	"net/url"
	"slices"
	"strings"

	"github.com/codecov-port/codecov-port/pkg/codecov"
)

// Page is an address of Codecov's web pages: {appURL}/{service}/{owner}/{repository}, and the segments below it.
type Page struct {
	Service           codecov.Service
	Owner, Repository string
	Rest              []string
}

// ParsePage parses the address of a page below appURL, which has no slash at its end. It reports false for any other
// address. The service may have its short or its long name.
func ParsePage(appURL, address string) (Page, bool) {
	path, ok := strings.CutPrefix(address, appURL+"/")
	segments := strings.Split(path, "/")
	if !ok || len(segments) < 3 {
		return Page{}, false
	}
	for i, segment := range segments {
		unescaped, err := url.PathUnescape(segment)
		if err != nil || unescaped == "" {
			return Page{}, false
		}
		segments[i] = unescaped
	}
	service, err := codecov.ParseService(segments[0])
	return Page{Service: service, Owner: segments[1], Repository: segments[2], Rest: segments[3:]}, err == nil
}

// AccountOf returns which of the accounts the page belongs to, as it is spelled there. It reports false for another account or service.
func (p Page) AccountOf(service codecov.Service, accounts []string) (string, bool) {
	i := slices.IndexFunc(accounts, func(account string) bool { return strings.EqualFold(account, p.Owner) })
	if i < 0 || p.Service != service {
		return "", false
	}
	return accounts[i], true
}
