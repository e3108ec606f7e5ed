package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"
)

// printSetting says what was run, where and with what.
func printSetting(ctx context.Context, o options) error {
	versions := []string{"Go " + strings.TrimPrefix(runtime.Version(), "go"), "Batchmill " + revision(ctx)}
	if o.python != "" {
		theirs, err := peerVersions(ctx, o)
		if err != nil {
			return err
		}
		versions = append(versions, theirs...)
	}
	fmt.Printf("%s, %d threads, %s of memory, Linux %s, load %s when started, %s. %s.\n\n    go run ./bench/gbt %s\n",
		after("/proc/cpuinfo", "model name"), o.threads, after("/proc/meminfo", "MemTotal"), firstField("/proc/sys/kernel/osrelease"),
		firstField("/proc/loadavg"), time.Now().Format(time.DateOnly), strings.Join(versions, ", "), strings.Join(os.Args[1:], " "))
	return nil
}

// peerVersions asks the Python side.
func peerVersions(ctx context.Context, o options) ([]string, error) {
	out, err := exec.CommandContext(ctx, o.python, o.script, "versions").Output()
	if err != nil {
		return nil, fmt.Errorf("the rivals do not start (sh bench/peers/setup.sh installs them; -python= runs without): %w", err)
	}
	byName := map[string]string{}
	if err := json.Unmarshal(out, &byName); err != nil {
		return nil, err
	}
	var versions []string
	for name, v := range byName {
		versions = append(versions, name+" "+v)
	}
	slices.Sort(versions)
	return versions, nil
}

// revision is what git calls the tree.
func revision(ctx context.Context) string {
	out, err := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty").Output()
	if err != nil {
		return "of no known revision"
	}
	return strings.TrimSpace(string(out))
}

// after finds a line "name : value" in a file of /proc; "unknown" where there is none.
func after(path, name string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

func firstField(path string) string {
	text, err := os.ReadFile(path)
	if err != nil || len(text) == 0 {
		return "unknown"
	}
	return strings.Fields(string(text))[0]
}
