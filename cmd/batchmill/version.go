package main

import (
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is set at release with -ldflags "-X main.version=v1.2.3".
var version = ""

func versionCommand() *cobra.Command {
	asJSON := false
	c := &cobra.Command{
		Use:     "version",
		Short:   "Print the version, and those of the servers inside",
		Long:    "Prints the version of this binary, the commit it was built from, and the versions of the embedded Temporal, Web UI and S3 servers.",
		Example: "  batchmill version\n  batchmill version --json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			info, _ := debug.ReadBuildInfo()
			pairs := versions(info)
			if !asJSON {
				printPairs(c.OutOrStdout(), pairs...)
				return nil
			}
			byName := map[string]string{}
			for _, p := range pairs {
				byName[p[0]] = p[1]
			}
			return printJSON(c.OutOrStdout(), byName)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return c
}

// versions lists what the build information tells.
func versions(info *debug.BuildInfo) [][2]string {
	v := version
	pairs := [][2]string{{"batchmill", ""}}
	if info == nil {
		pairs[0][1] = v
		return pairs
	}
	if v == "" {
		v = info.Main.Version
	}
	pairs[0][1] = v
	pairs = append(pairs, [2]string{"commit", setting(info, "vcs.revision")}, [2]string{"go", info.GoVersion})
	parts := map[string]string{
		"go.temporal.io/server":              "temporal-server",
		"github.com/temporalio/ui-server/v2": "temporal-ui",
		"github.com/versity/versitygw":       "s3-server",
		"go.temporal.io/sdk":                 "temporal-sdk",
		"github.com/apache/arrow/go/v15":     "arrow",
	}
	for _, d := range info.Deps {
		if name := parts[d.Path]; name != "" {
			pairs = append(pairs, [2]string{name, d.Version})
		}
	}
	return pairs
}

func setting(info *debug.BuildInfo, key string) string {
	for _, s := range info.Settings {
		if s.Key == key {
			return s.Value
		}
	}
	return ""
}
