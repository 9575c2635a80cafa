package backfill

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/codecov-port/codecov-port/pkg/codecov"
	"github.com/codecov-port/codecov-port/pkg/port"
)

// otherAccounts are the accounts for which Port holds entities and that are not the run's. The zero value is ready to use,
// concurrently.
type otherAccounts struct {
	mu  sync.Mutex
	all []*otherAccount
}

type otherAccount struct {
	service codecov.Service
	owner   string
	asked   sync.Once
	gone    bool // Codecov has no such account: it was renamed or deleted
}

// otherAccountOf returns the account in the address of an entity's repository, and false if it is one of the run's.
func otherAccountOf(entity port.Entity, o Options) (service codecov.Service, owner string, ok bool) {
	address, _ := entity.Properties["repository"].(string)
	service, owner, ok = accountOf(address)
	isOurs := service == o.Codecov.Service() && slices.ContainsFunc(o.Owners, func(ours string) bool { return strings.EqualFold(ours, owner) })
	return service, owner, ok && !isOurs
}

// index returns the index of an account, which it adds if necessary.
func (a *otherAccounts) index(service codecov.Service, owner string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	i := slices.IndexFunc(a.all, func(other *otherAccount) bool { return other.service == service && other.owner == owner })
	if i < 0 {
		i = len(a.all)
		a.all = append(a.all, &otherAccount{service: service, owner: owner})
	}
	return i
}

// describe returns for whom Port holds an entity, and whether that account looks renamed. It asks Codecov once for each account.
func (a *otherAccounts) describe(ctx context.Context, client *codecov.Client, index int, ours string) string {
	a.mu.Lock()
	account := a.all[index]
	a.mu.Unlock()
	if account.service != client.Service() {
		return fmt.Sprintf("Port holds it for account %s of %s", account.owner, account.service)
	}
	account.asked.Do(func() {
		for _, err := range client.Repositories(ctx, account.owner, codecov.RepositoriesOptions{PageSize: 1}) {
			account.gone = errors.Is(err, codecov.ErrOwnerNotFound)
			break
		}
	})
	if account.gone {
		return fmt.Sprintf("Port holds it for account %s, which Codecov doesn't have: it looks renamed to %s", account.owner, ours)
	}
	return "Port holds it for account " + account.owner
}
