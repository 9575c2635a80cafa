package setup

import (
	"fmt"
	"slices"
)

// Overview is a report in three lines: what is in Port, what is missing there, and the next command.
type Overview struct {
	Present []string `json:"present"` // like "blueprint codecov_commit_coverage (created)"
	Missing []string `json:"missing"` // like "property hits of blueprint codecov_commit_coverage"
	Next    string   `json:"next"`
}

// Overview summarizes the report of a run with these options.
func (r *Report) Overview(o Options) Overview {
	v := Overview{Present: []string{}, Missing: []string{}, Next: "codecov-port sync"}
	for _, step := range r.Steps {
		title := step.String()
		isChange := step.State == Created || step.State == Updated
		switch {
		case step.State == Refused, o.DryRun && step.State == Created:
			v.Missing = append(v.Missing, title)
			continue
		case isChange && !o.DryRun:
			v.Present = append(v.Present, fmt.Sprintf("%s (%s)", title, step.State))
		default:
			v.Present = append(v.Present, title)
		}
		missing := step.Missing
		if o.DryRun {
			missing = slices.Concat(missing, step.Added)
		}
		for _, part := range missing {
			v.Missing = append(v.Missing, part+" of "+title)
		}
	}
	switch {
	case len(r.Requests) > 0 && o.DryRun && !o.Update:
		v.Next = "codecov-port setup"
	case len(v.Missing) > 0:
		v.Next = "codecov-port setup --update"
	}
	return v
}
