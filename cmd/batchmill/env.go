package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/batchmill/batchmill/devstack"
)

func (a *app) envCommand() *cobra.Command {
	dir, asJSON := defaultDir(), false
	c := &cobra.Command{
		Use:   "env",
		Short: "Print the variables that point other programs at the running stack",
		Long: `Prints one export line for each variable that points the aws CLI, boto3, the temporal CLI and
Batchmill's own verbs at the stack that "batchmill dev" runs on a folder.`,
		Example: "  eval \"$(batchmill env)\"\n  aws s3 ls\n  temporal workflow list\n\n  batchmill env --dir /data/batchmill --json",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			info, cred, err := devstack.Running(dir)
			if errors.Is(err, devstack.ErrNotRunning) {
				return fmt.Errorf(`no stack runs on folder %s; start one with "batchmill dev --dir %s"`, dir, dir)
			}
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(a.out, info.Env(cred))
			}
			printf(a.out, "%s", exports(info.Env(cred)))
			return nil
		},
	}
	c.Flags().StringVar(&dir, "dir", dir, "data folder of the stack ($BATCHMILL_HOME)")
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return c
}

// exports writes the variables for a shell. A session token of other credentials would spoil these, so it is unset.
func exports(env map[string]string) string {
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(env)) {
		fmt.Fprintf(&b, "export %s='%s'\n", k, strings.ReplaceAll(env[k], "'", `'\''`))
	}
	b.WriteString("unset AWS_SESSION_TOKEN\n")
	return b.String()
}

// adoptStack sets the variables of the stack that runs on the default folder, unless the environment names servers
// already.
func adoptStack() error {
	for _, k := range []string{"TEMPORAL_ADDRESS", "TEMPORAL_PROFILE", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"} {
		if os.Getenv(k) != "" {
			return nil
		}
	}
	info, cred, err := devstack.Running(defaultDir())
	if errors.Is(err, devstack.ErrNotRunning) {
		return nil
	}
	if err != nil {
		return err
	}
	return setEnv(info.Env(cred))
}

func setEnv(env map[string]string) error {
	for k, v := range env {
		if err := os.Setenv(k, v); err != nil {
			return err
		}
	}
	return os.Unsetenv("AWS_SESSION_TOKEN")
}
