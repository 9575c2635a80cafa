package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/codecov-port/codecov-port/internal/ui"
)

// released is set by the linker in a release; elsewhere the build's own information is used.
var released string

type versionInfo struct {
	Version string
	Commit  string
	Go      string
}

func version() versionInfo {
	info := versionInfo{Version: released, Commit: "unknown", Go: runtime.Version()}
	build, ok := debug.ReadBuildInfo()
	if ok && info.Version == "" {
		info.Version = build.Main.Version
	}
	if info.Version == "" || info.Version == "(devel)" {
		info.Version = "devel"
	}
	if ok {
		for _, setting := range build.Settings {
			if setting.Key == "vcs.revision" {
				info.Commit = setting.Value
			}
		}
	}
	return info
}

// userAgent is what both APIs are told; Port shows it as the source of what is written.
func userAgent() string { return "codecov-port/" + version().Version }

func newVersion(streams *ui.Streams) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  noArguments,
		RunE: func(*cobra.Command, []string) error {
			v := version()
			_, err := fmt.Fprintf(streams.Out, "codecov-port %s (commit %s, %s)\n", v.Version, v.Commit, v.Go)
			return err
		},
	}
}
