package e2e_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/jobs"
)

// requireOneLine checks an error as users see it: one line, with what it is about, and nothing secret.
func requireOneLine(t *testing.T, s *stack, r result, code int, parts ...string) {
	t.Helper()
	require.Equal(t, code, r.code, "%s%s", r.stdout, r.stderr)
	_, line, ok := strings.Cut("\n"+r.stderr, "\nbatchmill: ") // behind the lines of progress, if any
	require.True(t, ok, r.stderr)
	line = strings.TrimSuffix(line, "\n")
	require.NotContains(t, line, "\n")
	for _, p := range parts {
		require.Contains(t, line, p)
	}
	require.NotContains(t, r.stdout+r.stderr, s.env["AWS_SECRET_ACCESS_KEY"])
}

// with returns the stack's environment with some variables changed.
func (s *stack) with(changes map[string]string) []string {
	env := maps.Clone(s.env)
	maps.Copy(env, changes)
	return (&stack{env: env}).environ()
}

// TestFailedJobs: each wrong thing has an error that names it, exit code 1 for what only the job can know and 2 for a document
// that is not valid, and leaves nothing at the output path.
func TestFailedJobs(t *testing.T) {
	t.Parallel()
	b := shared.bucket(t, "errors")
	boston := readTable(t, "boston_housing", "boston.csv")
	content := "text/csv;header=present;label=medv"
	shared.trained(t, "errors-model", content, boston, map[string]string{"objective": "reg:squarederror", "num_round": "3"})
	shared.put(t, b+"good/a.csv", boston.csv(t))
	shared.put(t, b+"ragged/a.csv", append(boston.csv(t), "1,2,3\n"...))
	shared.put(t, b+"words/a.csv", boston.change("rm", func(s string) string { return strings.Replace(s, "6.", "six.", 1) }).csv(t))
	parquet := boston.parquet(t, 100)
	shared.put(t, b+"truncated/a.parquet", parquet[:len(parquet)/2])
	training := func(name, in string, parameters map[string]string) object {
		return trainDocument(name, parameters, b+"models-"+name+"/", channel("train", content, in))
	}
	transform := func(name, in string) object {
		return transformDocument(name, "errors-model", content, in, b+"out-"+name+"/", "")
	}
	good := map[string]string{"objective": "reg:squarederror", "num_round": "3"}
	with := func(doc object, member string, value any) object { doc[member] = value; return doc }
	for name, c := range map[string]struct {
		verb  string
		doc   object
		code  int
		parts []string
	}{
		"missing-bucket":      {"transform", transform("missing-bucket", "s3://no-such-bucket/in/"), 1, []string{"ClientError", "no-such-bucket"}},
		"missing-bucket-t":    {"train", training("missing-bucket-t", "s3://no-such-bucket/in/", good), 1, []string{"ClientError", "no-such-bucket"}},
		"empty-prefix":        {"transform", transform("empty-prefix", b+"nothing/"), 1, []string{"ClientError", b + "nothing/"}},
		"missing-model":       {"transform", with(transform("missing-model", b+"good/"), "ModelName", "nobody"), 1, []string{"ClientError", "nobody"}},
		"ragged":              {"transform", transform("ragged", b+"ragged/"), 1, []string{"ClientError", "ragged/a.csv", "508", "3"}},
		"words":               {"transform", transform("words", b+"words/"), 1, []string{"ClientError", "words/a.csv", "rm", "six."}},
		"truncated":           {"transform", with(transform("truncated", b+"truncated/"), "TransformInput", object{"DataSource": source(b + "truncated/"), "ContentType": "application/x-parquet"}), 1, []string{"ClientError", "truncated/a.parquet"}},
		"no-label":            {"train", with(training("no-label", b+"good/", good), "InputDataConfig", []any{channel("train", "text/csv;header=present;label=price", b+"good/")}), 1, []string{"ClientError", "price"}},
		"unknown-member":      {"transform", with(transform("unknown-member", b+"good/"), "ModellName", "x"), 2, []string{"ModellName"}},
		"bad-setting":         {"transform", setting(transform("bad-setting", b+"good/"), "BATCHMILL_SHARDS", "many"), 2, []string{"BATCHMILL_SHARDS", "many"}},
		"bad-hyperparameter":  {"train", training("bad-hyperparameter", b+"good/", map[string]string{"objective": "reg:squarederror", "num_round": "3", "eta": "fast"}), 1, []string{"ClientError", "eta"}},
		"some-hyperparameter": {"train", training("some-hyperparameter", b+"good/", map[string]string{"objective": "reg:squarederror", "num_round": "3", "etta": "1"}), 1, []string{"ClientError", "etta"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := cliWith(t, shared.environ(), string(text(t, c.doc)), c.verb, "-")
			requireOneLine(t, shared, r, c.code, c.parts...)
			require.Empty(t, slices.Concat(shared.list(t, b+"models-"+name+"/"), shared.list(t, b+"out-"+name+"/")), "nothing is left")
		})
	}
}

// TestDuplicateName: the second job of a name is refused with SageMaker's text, and the first one's output stays.
func TestDuplicateName(t *testing.T) {
	t.Parallel()
	b := shared.bucket(t, "duplicate")
	boston := readTable(t, "boston_housing", "boston.csv")
	content := "text/csv;header=present;label=medv"
	shared.trained(t, "duplicate", content, boston, map[string]string{"objective": "reg:squarederror", "num_round": "3"})
	shared.put(t, b+"in/a.csv", boston.csv(t))
	doc := transformDocument("duplicate", "duplicate", content, b+"in/", b+"out/", "")
	shared.transform(t, doc)
	before := shared.contents(t, b+"out/", "\x00")
	r := cliWith(t, shared.environ(), string(text(t, doc)), "transform", "-")
	requireOneLine(t, shared, r, 1, "arn:aws:sagemaker:", "transform-job/duplicate")
	_, err := shared.Start(t.Context(), jobs.TransformKind, text(t, doc))
	var inUse *jobs.InUseError
	require.ErrorAs(t, err, &inUse)
	requireSame(t, before, shared.contents(t, b+"out/", "\x00"), "the first job's output")
	r = shared.cli(t, "model", "create", "--name", "duplicate", "--from-training", "duplicate")
	requireOneLine(t, shared, r, 1, "duplicate")
}

// TestUnreachable: servers that do not answer or refuse the credentials are exit code 3, at once.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	doc := string(text(t, transformDocument("unreachable", "m", "text/csv", "s3://errors/in/", "s3://errors/out/", "")))
	secret := "wrong-secret-wrong-secret-wrong-secret-x"
	for name, c := range map[string]struct {
		change map[string]string
		stdin  string
		args   []string
		parts  []string
	}{
		"wrong secret, submit": {map[string]string{"AWS_SECRET_ACCESS_KEY": secret}, doc, []string{"transform", "-"}, []string{"AWS_SECRET_ACCESS_KEY"}},
		"wrong secret, worker": {map[string]string{"AWS_SECRET_ACCESS_KEY": secret}, "", []string{"worker"}, []string{"AWS_SECRET_ACCESS_KEY"}},
		"wrong key, copy":      {map[string]string{"AWS_ACCESS_KEY_ID": "nobody"}, "x", []string{"cp", "-", "s3://errors/x"}, []string{"AWS_ACCESS_KEY_ID"}},
		"no Temporal":          {map[string]string{"TEMPORAL_ADDRESS": "127.0.0.1:1"}, "", []string{"list", "transform"}, []string{"127.0.0.1:1", "TEMPORAL_ADDRESS"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			r := cliWith(t, shared.with(c.change), c.stdin, c.args...)
			requireOneLine(t, shared, r, 3, c.parts...)
			require.NotContains(t, r.stderr, secret)
			require.Less(t, time.Since(began), 30*time.Second)
		})
	}
}

// TestUsage: a wrong command line is exit code 2.
func TestUsage(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"train"}, {"train", "/no/such/file.json"}, {"fly"}, {"list", "nothing"}, {"transform", "-", "--loud"},
		{"verify", "file.json"}, {"schedule", "create", "x", "/no/such/file.json", "--cron", "@daily"},
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			t.Parallel()
			requireOneLine(t, shared, shared.cli(t, args...), 2)
		})
	}
	requireOneLine(t, shared, shared.cli(t, "verify", "s3://errors/none/manifest.json"), 1, "s3://errors/none/manifest.json")
	requireOneLine(t, shared, shared.cli(t, "describe", "train", "nobody"), 1, "not found")
}
