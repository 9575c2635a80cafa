package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
	"golang.org/x/mod/module"
)

// newMan is for those who make a release.
func newMan() *cobra.Command {
	return &cobra.Command{
		Use:     "man DIR",
		Short:   "Write a man page for each command into a folder",
		Example: "  codecov-port man pages",
		Hidden:  true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage(errorf("expected the name of a folder"), "for example codecov-port man pages")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			date, err := pagesDate()
			if err != nil {
				return err
			}
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return usage(err, "name a folder that can be written")
			}
			root := cmd.Root()
			root.DisableAutoGenTag = true
			sectioned(root)
			header := &doc.GenManHeader{Section: "1", Date: &date, Source: "codecov-port " + footerVersion(version().Version), Manual: "codecov-port"}
			return doc.GenManTree(root, header, args[0])
		},
	}
}

// footerVersion is the version, or the commit of one that is none: a page's last line has no room for more.
func footerVersion(version string) string {
	if commit, err := module.PseudoVersionRev(version); err == nil {
		return commit
	}
	return version
}

// pagesDate is SOURCE_DATE_EPOCH, so that two releases of one state of the source are the same; or that of the build.
func pagesDate() (time.Time, error) {
	if text := os.Getenv("SOURCE_DATE_EPOCH"); text != "" {
		seconds, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return time.Time{}, usage(fmt.Errorf("SOURCE_DATE_EPOCH %q: expected seconds since 1970", text), "for example $(git log -1 --format=%ct)")
		}
		return time.Unix(seconds, 0).UTC(), nil
	}
	if date, err := time.Parse(time.RFC3339, version().Date); err == nil {
		return date.UTC(), nil
	}
	return time.Now().UTC(), nil
}

// sectioned has the long text of a command, and of those below it, as Markdown with a manual's sections.
func sectioned(cmd *cobra.Command) {
	about, environment, codes := sections(cmd.Long)
	cmd.Long = about + "\n\n"
	if environment != "" {
		cmd.Long += "# ENVIRONMENT\nRequired:\n" + verbatim(environment)
	}
	cmd.Long += "# EXIT STATUS\n" + verbatim(codes)
	for _, sub := range cmd.Commands() {
		sectioned(sub)
	}
}

func verbatim(text string) string { return "```\n" + strings.Trim(text, "\n") + "\n```\n" }
