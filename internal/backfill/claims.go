package backfill

import (
	"context"
	"fmt"

	"github.com/codecov-port/codecov-port/pkg/port"
)

// claims are the identifiers of one payload that do not belong to its repository from the beginning.
type claims struct {
	takenOver     map[entityName]bool // from repositories that come later in the list
	otherAccounts map[entityName]int  // the accounts that Port holds them for, by index
}

// claim reports whether the repository may write the identifier.
func (r *reader) claim(blueprint, identifier string, claims claims) bool {
	found, name := r.shared.found, entityName{blueprint, identifier}
	outcome, other := found.ledger.claim(found.targets[blueprint].entry, identifier, r.index)
	switch outcome {
	case claimedBefore:
		return false
	case claimedEarlier:
		r.refuse(name, CodeTaken, found.repositories[other].title()+" returns this identifier, too, and keeps it")
		return false
	case heldByAccount:
		claims.otherAccounts[name] = other
		return false
	case takenOver:
		r.shared.recorder.recordFailed(Failure{
			Repository: found.repositories[other].row.Name, Blueprint: blueprint, Identifier: identifier,
			Code: CodeTaken, Message: r.repo.title() + " returns this identifier, too, and keeps it",
		})
		claims.takenOver[name] = true
	}
	return true
}

// refuse records an identifier that belongs to others, once however many commits return it.
func (r *reader) refuse(name entityName, code, message string) {
	if !r.refused[name] {
		r.refused[name] = true
		r.fail(name.blueprint, name.identifier, code, message)
	}
}

// describeAccount returns for which other account Port holds an entity of the repository.
func (r *reader) describeAccount(ctx context.Context, account int) string {
	asking, end := r.shared.services.codecov.guard(ctx)
	defer end()
	return r.shared.found.others.describe(asking, r.shared.options.Codecov, account, r.repo.owner)
}

// relationOfOthers returns the code and message of a failure if the entity relates to one of another repository or account.
func (r *reader) relationOfOthers(ctx context.Context, blueprint port.Blueprint, entity port.Entity) (code, message string) {
	for name, value := range entity.Relations {
		identifier, single := value.(string)
		related := r.shared.found.targets[blueprint.Relations[name].Target]
		if !single || related == nil {
			continue
		}
		owner := r.shared.found.ledger.owner(related.entry, identifier)
		if account, isHeld := accountIn(owner); isHeld {
			return CodeOtherAccount, fmt.Sprintf("its relation %s leads to %q: %s", name, identifier, r.describeAccount(ctx, account))
		}
		if owner != unclaimed && owner != r.index {
			return CodeTaken, "its relation " + name + " leads to an entity of another repository"
		}
	}
	return "", ""
}
