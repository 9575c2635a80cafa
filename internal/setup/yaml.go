package setup

import (
	"strconv"
	"strings"
)

const notification = `coverage:
  notify:
    webhook:
      default:
        only_pulls: false
        url: `

// YAML gives what belongs into Codecov's global YAML so that Codecov posts to the address what it measures, of these
// branches alone if any are named. With only_pulls: false the builds of every branch are told of, not those of pull
// requests alone.
func YAML(webhookURL string, branches []string) string {
	var text strings.Builder
	text.WriteString(notification + scalar(webhookURL) + "\n")
	if len(branches) > 0 {
		text.WriteString("        branches:\n")
	}
	for _, branch := range branches {
		text.WriteString("          - " + scalar(branch) + "\n")
	}
	return text.String()
}

// scalar writes text in double quotes: what Go escapes in them, YAML reads.
func scalar(text string) string { return strconv.Quote(text) }
