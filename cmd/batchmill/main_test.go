package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	sdkclient "go.temporal.io/sdk/client"

	"github.com/batchmill/batchmill/client"
	"github.com/batchmill/batchmill/devstack"
	"github.com/batchmill/batchmill/examples"
	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/storage"
)

// cliVerb makes the test binary the command line itself, for tests that need a process of its own.
const cliVerb = "_cli"

func TestMain(m *testing.M) {
	if devstack.ChildMain(os.Args) {
		return
	}
	if len(os.Args) > 1 && os.Args[1] == cliVerb {
		a := &app{in: os.Stdin, out: os.Stdout, errOut: os.Stderr}
		os.Exit(a.run(context.Background(), os.Args[2:]))
	}
	os.Exit(m.Run())
}

// Every command says what it is for, at length, and shows how to call it; the example calls that very command.
func TestEveryCommandIsDocumented(t *testing.T) {
	t.Parallel()
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		t.Run(c.CommandPath(), func(t *testing.T) {
			require.NotEmpty(t, c.Short)
			require.NotEmpty(t, c.Long)
			require.Contains(t, c.Example, "batchmill")
			if c.HasParent() {
				require.Contains(t, c.Example, c.CommandPath())
			}
			require.NotContains(t, c.Short, "\n")
		})
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(new(app).command())
}

// The examples in the help are command lines that the commands accept.
func TestExamplesParse(t *testing.T) {
	t.Parallel()
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		for _, line := range strings.Split(c.Example, "\n") {
			_, call, ok := strings.Cut(line, "batchmill ")
			if !ok || strings.Contains(line, "$(") {
				continue
			}
			call, _, _ = strings.Cut(call, "#")
			call, _, _ = strings.Cut(call, " <")
			t.Run(strings.TrimSpace(line), func(t *testing.T) {
				args := words(call)
				found, rest, err := new(app).command().Find(args)
				require.NoError(t, err)
				require.NoError(t, found.ParseFlags(rest))
				require.NoError(t, found.ValidateArgs(found.Flags().Args()))
			})
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(new(app).command())
}

// words splits a command line at spaces outside double quotes.
func words(s string) []string {
	quoted := false
	return strings.Fields(strings.Map(func(r rune) rune {
		if r == '"' {
			quoted = !quoted
			return -1
		}
		if quoted && r == ' ' {
			return '_'
		}
		return r
	}, s))
}

func TestExitCodes(t *testing.T) {
	t.Parallel()
	_, invalid := jobs.ParseSplitJob([]byte(`{"SplitJobName": ""}`))
	_, syntax := jobs.ParseSplitJob([]byte(`{`))
	for _, tc := range []struct {
		name string
		err  error
		want int
	}{
		{"none", nil, exitOK},
		{"anything", errors.New("x"), exitFailed},
		{"job failed", &client.FailedError{Kind: jobs.SplitKind}, exitFailed},
		{"name in use", &jobs.InUseError{}, exitFailed},
		{"usage", usagef("x"), exitUsage},
		{"invalid document", fmt.Errorf("a: %w", invalid), exitUsage},
		{"no JSON", syntax, exitUsage},
		{"store down", fmt.Errorf("a: %w", storage.ErrUnavailable), exitUnreachable},
		{"wrong credentials", &storage.OpError{Kind: storage.ErrAccessDenied}, exitUnreachable},
		{"Temporal down", fmt.Errorf("a: %w", client.ErrTemporal), exitUnreachable},
		{"no permission", serviceerror.NewPermissionDenied("x", ""), exitUnreachable},
	} {
		t.Run(tc.name, func(t *testing.T) { require.Equal(t, tc.want, exitCode(tc.err)) })
	}
}

func TestUsageErrorsAreOneLine(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"nonsense"}, {"train"}, {"train", "a", "b"}, {"dev", "--no-such-flag"}, {"train", "/no/such/file"},
		{"describe", "cluster", "x"}, {"train", "x.json", "-o", "xml"}, {"model", "create"}, {"worker", "--memory", "600"}, {"dev", "--memory", "10MiB"},
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			var out, errOut bytes.Buffer
			a := &app{in: strings.NewReader(""), out: &out, errOut: &errOut}
			require.Equal(t, exitUsage, a.run(t.Context(), args))
			require.Empty(t, out.String())
			require.Equal(t, 1, strings.Count(errOut.String(), "\n"), errOut.String())
			require.True(t, strings.HasPrefix(errOut.String(), "batchmill: "), errOut.String())
		})
	}
}

func TestParseKind(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]jobs.Kind{
		"train": jobs.TrainingKind, "training": jobs.TrainingKind, "training-job": jobs.TrainingKind, "TrainingJob": jobs.TrainingKind,
		"transform": jobs.TransformKind, "transform-jobs": jobs.TransformKind, "split": jobs.SplitKind, "SplitJobs": jobs.SplitKind,
	} {
		got, err := parseKind(s)
		require.NoError(t, err, s)
		require.Equal(t, want, got, s)
	}
	_, err := parseKind("trial")
	require.Error(t, err)
}

func TestParseCalendar(t *testing.T) {
	t.Parallel()
	got, err := parseCalendar("weekday=MON-fri,0 hour=6 minute=0,30 day=1-31/2 month=JAN,jul")
	require.NoError(t, err)
	require.Equal(t, []sdkclient.ScheduleRange{{Start: 1, End: 5}, {Start: 0}}, got.DayOfWeek)
	require.Equal(t, []sdkclient.ScheduleRange{{Start: 6}}, got.Hour)
	require.Equal(t, []sdkclient.ScheduleRange{{Start: 0}, {Start: 30}}, got.Minute)
	require.Equal(t, []sdkclient.ScheduleRange{{Start: 1, End: 31, Step: 2}}, got.DayOfMonth)
	require.Equal(t, []sdkclient.ScheduleRange{{Start: 1}, {Start: 7}}, got.Month)
	for _, bad := range []string{"", "hour", "hour=", "hour=24", "hour=5-3", "hour=1/0", "weekday=FUNDAY", "week=1", "hour=1 hour=2"} {
		_, err := parseCalendar(bad)
		require.Error(t, err, bad)
	}
}

func TestNumbersInTables(t *testing.T) {
	t.Parallel()
	require.Equal(t, "0", count(0))
	require.Equal(t, "-1,234,567", count(-1234567))
	require.Equal(t, "1023 B", size(1023))
	require.Equal(t, "1.5 MiB", size(3<<19))
	require.Equal(t, "1.23s", took(1234*time.Millisecond))
	require.Equal(t, "1m5s", took(65*time.Second+200*time.Millisecond))
}

func TestProgressLine(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		p    jobs.Progress
		want string
	}{
		{jobs.Progress{Done: 12, Total: 100, Unit: "rounds", Metrics: map[string]float64{"validation:rmse": 0.5, "train:rmse": 0.25}},
			" round 12/100  15s left  train:rmse 0.25  validation:rmse 0.5 "},
		{jobs.Progress{Done: 5000, Total: 20000, Unit: "rows", Rows: 5000, Rejected: 3}, " 5,000/20,000 rows  2,500 rows/s  6s left  3 rejected "},
		{jobs.Progress{Unit: "rows", Done: 9, Rows: 9, Bytes: 3 << 19, Shards: &jobs.ShardCounts{Total: 40, Done: 10, Running: 4, Retried: 2}},
			" 9 rows  4 rows/s  shards 10/40, 4 running, 2 retried  1.5 MiB  6s left "},
		{jobs.Progress{Done: 7, Unit: "rows", Message: "attempt 2: x"}, " 7 rows  attempt 2: x "},
	} {
		require.Equal(t, tc.want, progressLine(tc.p, 2*time.Second))
	}
}

func TestRename(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"transform.json", "transform.yaml"} {
		got, err := rename(examples.Document(file), jobs.TransformKind.NameMember, "again")
		require.NoError(t, err)
		d, err := jobs.ParseTransformJob(got)
		require.NoError(t, err)
		require.Equal(t, "again", d.TransformJobName)
		require.Equal(t, "housing", d.ModelName)
	}
}

func TestKindOfExamples(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]jobs.Kind{"split.json": jobs.SplitKind, "train.yaml": jobs.TrainingKind, "weekly.yaml": jobs.TransformKind} {
		doc, err := jobs.Normalize(examples.Document(file))
		require.NoError(t, err)
		got, err := kindOf(doc)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	_, err := kindOf(jobs.Document(`{"ModelName": "m"}`))
	require.Error(t, err)
}

func TestCutTable(t *testing.T) {
	t.Parallel()
	parts := cutTable(examples.Housing, quickstartShards)
	require.Len(t, parts, quickstartShards)
	header, _, _ := bytes.Cut(examples.Housing, []byte("\n"))
	all := append([]byte{}, header...)
	all = append(all, '\n')
	for _, p := range parts {
		h, rows, _ := bytes.Cut(p, []byte("\n"))
		require.Equal(t, header, h)
		all = append(all, rows...)
	}
	require.True(t, bytes.Equal(examples.Housing, all), "nothing is lost")
}

func TestExports(t *testing.T) {
	t.Parallel()
	require.Equal(t, "export A='it'\\''s'\nexport B='2'\nunset AWS_SESSION_TOKEN\n", exports(map[string]string{"B": "2", "A": "it's"}))
}
