package main

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/codecov-port/codecov-port/internal/terminal"
)

// released, commit and date are set by the linker in a release; otherwise the build information is used.
var released, commit, date string

const unknown = "unknown"

type versionInfo struct {
	Version  string `json:"version"`
	Commit   string `json:"commit"`
	Date     string `json:"date"` // of the commit, RFC 3339
	Go       string `json:"go"`
	Platform string `json:"platform"`
	Modified bool   `json:"modified"` // built with uncommitted changes
}

func version() versionInfo {
	built, settings := "", map[string]string{}
	if build, ok := debug.ReadBuildInfo(); ok {
		built = strings.Trim(build.Main.Version, "()")
		for _, setting := range build.Settings {
			settings[setting.Key] = setting.Value
		}
	}
	return versionInfo{
		Version:  cmp.Or(released, built, "devel"),
		Commit:   cmp.Or(commit, settings["vcs.revision"], unknown),
		Date:     cmp.Or(date, settings["vcs.time"], unknown),
		Go:       runtime.Version(),
		Platform: runtime.GOOS + "/" + runtime.GOARCH,
		Modified: settings["vcs.modified"] == "true",
	}
}

func newVersion(streams *terminal.Streams) *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "version [flags]",
		Short: "Print the version",
		Long:  "Version prints the version, commit, date, Go version and platform.",
		Example: `  codecov-port version
  codecov-port version --output json`,
		Args: arguments(0),
		RunE: func(*cobra.Command, []string) error {
			info := version()
			if output == outputJSON {
				return writeJSON(streams.Out, info)
			}
			from := []string{info.Go, info.Platform}
			if info.Commit != unknown {
				from = append([]string{"commit " + info.Commit, info.Date}, from...)
			}
			if info.Modified {
				from = append(from, "modified")
			}
			_, err := fmt.Fprintf(streams.Out, "codecov-port %s (%s)\n", info.Version, strings.Join(from, ", "))
			return err
		},
	}
	addOutputFlag(cmd.Flags(), &output)
	return cmd
}
