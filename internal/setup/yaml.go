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

// YAML returns what Codecov's global YAML needs to post new coverage to the webhook, limited to some branches if any are
// named. only_pulls: false includes builds of branches without a pull request.
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

// scalar quotes text: every escape of Go is one of YAML, too.
func scalar(text string) string { return strconv.Quote(text) }
