package jobs

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// SettingPrefix begins the names of Batchmill's own settings in a document's Environment: what the contract has no member for.
const SettingPrefix = "BATCHMILL_"

// Settings are the BATCHMILL_* entries of a job's Environment.
type Settings struct {
	Shards            int      // upper bound on the shards of a job; 0: by size
	ShardSizeMB       int      // size a shard aims at, in MiB of stored input
	MaxRejected       Rejected // how many records may be unreadable before the job fails
	KeepRejected      bool     // a rejected record leaves a row of missing outputs; else none
	Series            string   // the chain of jobs none of which takes an object again; "": none
	SeriesRedo        SeriesRange
	KeepStaging       bool     // leave plan, staged shards and receipts after the commit
	CheckpointSeconds int      // shortest time between two checkpoints; 0: after every round
	ModelURI          string   // of an artifact or model file to score with; "": ModelName says the model
	Outputs           []string // what a transform writes for a row; nil: what the model's Environment selects, else the prediction
}

// modelSetting is where a model's URI stands beside a ModelName.
const modelSetting = "BATCHMILL_MODEL_URI"

// setting is one row of the table that parsing and the documentation share.
type setting struct {
	name    string
	form    string // the values it takes, in words
	initial string
	meaning string
	kinds   []Kind
	set     func(*Settings, string) error
}

var settings = []setting{
	{
		name: "BATCHMILL_SHARDS", form: "an integer from 1", initial: "by size",
		meaning: "Upper bound on the number of shards the input is cut into.",
		kinds:   []Kind{SplitKind, TransformKind},
		set:     func(s *Settings, v string) error { return parseInt(&s.Shards, v, 1) },
	},
	{
		name: "BATCHMILL_SHARD_SIZE_MB", form: "an integer from 1", initial: "64",
		meaning: "Size a shard aims at, in MiB of stored input; small objects share a shard, up to 64 of them.",
		kinds:   []Kind{SplitKind, TransformKind},
		set:     func(s *Settings, v string) error { return parseInt(&s.ShardSizeMB, v, 1) },
	},
	{
		name: "BATCHMILL_MAX_REJECTED_RECORDS", form: "an integer from 0, or a percentage such as 1%", initial: "0",
		meaning: "How many records may be unreadable before the job fails: a number, or a share of the records read.",
		kinds:   []Kind{TransformKind},
		set:     func(s *Settings, v string) error { return s.MaxRejected.parse(v) },
	},
	{
		name: "BATCHMILL_REJECTED_RECORDS", form: "drop or null", initial: "drop",
		meaning: "What a rejected record leaves in the output: nothing, or its place, with missing outputs.",
		kinds:   []Kind{TransformKind},
		set:     func(s *Settings, v string) error { return parseChoice(&s.KeepRejected, v, "drop", "null") },
	},
	{
		name: modelSetting, form: "an s3:// URI", initial: "",
		meaning: "An artifact or model file to score with, for clients that take no URI as `ModelName`, which then is any name that no registered model has: [models without a name](jobs.md#models-without-a-name).",
		kinds:   []Kind{TransformKind},
		set:     func(s *Settings, v string) error { return s.setModelURI(v) },
	},
	{
		name: outputSetting, form: "a comma list, without repetition, of " + strings.Join(outputNames, ", "), initial: "prediction",
		meaning: "What is written for a row, in that order: [outputs](jobs.md#outputs). Also in a model's `Environment`, for jobs that say nothing.",
		kinds:   []Kind{TransformKind},
		set:     func(s *Settings, v string) error { return parseOutputs(&s.Outputs, v, outputNames) },
	},
	{
		name: inferenceOutput, form: "a comma list, without repetition, of " + strings.Join(sagemakerOutputs, ", "), initial: "",
		meaning: "SageMaker's own name for the same, in a job's or a model's `Environment`.",
		kinds:   []Kind{TransformKind},
		set:     func(s *Settings, v string) error { return parseOutputs(&s.Outputs, v, sagemakerOutputs) },
	},
	{
		name: "BATCHMILL_SERIES", form: "a name of 1 to 63 letters, digits and hyphens", initial: "",
		meaning: "[Series](jobs.md#series) the job belongs to: it takes only objects that no earlier committed job of the series took.",
		kinds:   []Kind{TransformKind},
		set:     func(s *Settings, v string) error { return s.setSeries(v) },
	},
	{
		name: seriesRedo, form: "FROM..TO", initial: "",
		meaning: "Takes the objects whose path below the source lies from FROM to TO (also all that begin with TO), whether or not they were taken before, and no others.",
		kinds:   []Kind{TransformKind},
		set:     func(s *Settings, v string) error { return s.SeriesRedo.parse(v) },
	},
	{
		name: "BATCHMILL_KEEP_STAGING", form: "true or false", initial: "false",
		meaning: "Leave the plan, the staged shards and their receipts in the store after the commit.",
		kinds:   []Kind{SplitKind, TransformKind},
		set:     func(s *Settings, v string) error { return parseBool(&s.KeepStaging, v) },
	},
	{
		name: "BATCHMILL_CHECKPOINT_SECONDS", form: "an integer from 0", initial: "30",
		meaning: "Shortest time between two checkpoints of a training job; 0 means one after every round.",
		kinds:   []Kind{TrainingKind},
		set:     func(s *Settings, v string) error { return parseInt(&s.CheckpointSeconds, v, 0) },
	},
}

func (s *Settings) setModelURI(v string) error {
	if !IsURI(v) || !patterns()["S3URI"].match(v) {
		return fmt.Errorf("jobs: %q is no URI", v)
	}
	s.ModelURI = v
	return nil
}

// parseChoice reads one of two words; the second is true.
func parseChoice(to *bool, v, no, yes string) error {
	if v != no && v != yes {
		return fmt.Errorf("%q is neither %s nor %s", v, no, yes)
	}
	*to = v == yes
	return nil
}

// DefaultSettings are the settings of a job that says nothing.
func DefaultSettings() Settings { return Settings{ShardSizeMB: 64, CheckpointSeconds: 30} }

// SplitSettings reads the settings of a split job's Environment.
func SplitSettings(env map[string]string) (Settings, error) { return readSettings(SplitKind, env) }

// TrainingSettings reads the settings of a training job's Environment.
func TrainingSettings(env map[string]string) (Settings, error) {
	return readSettings(TrainingKind, env)
}

// TransformSettings reads the settings of a transform job's Environment. A BATCHMILL_ name that no transform job has is
// refused, other names are left alone; the error is a *ValidationError with every violation.
func TransformSettings(env map[string]string) (Settings, error) {
	return readSettings(TransformKind, env)
}

func readSettings(kind Kind, env map[string]string) (Settings, error) {
	r := &report{}
	s := collectSettings(r, kind, env)
	return s, r.err()
}

func checkSettings(r *report, kind Kind, env map[string]string) { collectSettings(r, kind, env) }

func collectSettings(r *report, kind Kind, env map[string]string) Settings {
	s := DefaultSettings()
	for _, name := range sortedKeys(env) {
		path, value := "environment."+name, env[name]
		i := slices.IndexFunc(settings, func(row setting) bool { return row.name == name })
		switch {
		case !strings.HasPrefix(name, SettingPrefix) && (i < 0 || !slices.Contains(settings[i].kinds, kind)):
			// Another program's.
		case i < 0:
			r.add(path, value, "Member must be one of the settings %s", strings.Join(settingNames(kind), ", "))
		case !slices.Contains(settings[i].kinds, kind):
			r.add(path, value, "Member must be absent from a %s, which has the settings %s", kind.Name,
				strings.Join(settingNames(kind), ", "))
		default:
			r.set(settings[i], &s, value)
		}
	}
	if kind == TransformKind {
		r.oneSelection(env)
		if s.SeriesRedo.Given() && s.Series == "" {
			r.add("environment."+seriesRedo, env[seriesRedo], "Member must be absent where BATCHMILL_SERIES is")
		}
	}
	return s
}

// set takes one setting's value.
func (r *report) set(row setting, s *Settings, value string) {
	if err := row.set(s, strings.TrimSpace(value)); err != nil {
		r.add("environment."+row.name, value, "Member must be %s", row.form)
	}
}

// settingNames lists the settings of a kind of job.
func settingNames(kind Kind) []string {
	var names []string
	for _, row := range settings {
		if slices.Contains(row.kinds, kind) {
			names = append(names, row.name)
		}
	}
	return names
}

// Rejected bounds the records a job may reject: a number of them, or a share of all.
type Rejected struct {
	Records int64
	Percent float64 // 0..100; used where above 0
}

// Allows tells whether a job that read total records may reject that many of them.
func (m Rejected) Allows(rejected, total int64) bool {
	if m.Percent > 0 {
		return float64(rejected) <= m.Percent/100*float64(total)
	}
	return rejected <= m.Records
}

func (m Rejected) String() string {
	if m.Percent > 0 {
		return strconv.FormatFloat(m.Percent, 'f', -1, 64) + "%"
	}
	return strconv.FormatInt(m.Records, 10)
}

func (m *Rejected) parse(v string) error {
	*m = Rejected{}
	if share, ok := strings.CutSuffix(v, "%"); ok {
		p, err := strconv.ParseFloat(strings.TrimSpace(share), 64)
		if err != nil || math.IsNaN(p) || p < 0 || p > 100 {
			return fmt.Errorf("jobs: %q is no percentage", v)
		}
		m.Percent = p
		return nil
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil || n < 0 {
		return fmt.Errorf("jobs: %q is no number of records", v)
	}
	m.Records = n
	return nil
}

func parseInt(to *int, v string, least int) error {
	n, err := strconv.Atoi(v)
	if err == nil && n < least {
		err = fmt.Errorf("jobs: %d is below %d", n, least)
	}
	if err == nil {
		*to = n
	}
	return err
}

func parseBool(to *bool, v string) error {
	b, err := strconv.ParseBool(v)
	if err == nil {
		*to = b
	}
	return err
}
