package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/batchmill/batchmill/activities/sharding"
	"github.com/batchmill/batchmill/client"
	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/storage"
)

// overview is what the command line shows of a job of any kind.
type overview struct {
	kind                    jobs.Kind
	name, status, stage     string
	reason                  string
	created, started, ended time.Time
	model                   string
	input, output           string
	manifest, artifact      string
	metrics                 []jobs.MetricData
	sides                   []jobs.SplitSideResult
	progress                jobs.Progress
	page                    string // of the job in the Temporal Web UI
	more                    [][2]string
}

// overviewOf reads a description.
func overviewOf(kind jobs.Kind, description jobs.Document) (overview, error) {
	o := overview{kind: kind}
	var err error
	switch kind {
	case jobs.TrainingKind:
		err = o.training(description)
	case jobs.TransformKind:
		err = o.transform(description)
	case jobs.TuningKind:
		err = o.tuning(description)
	default:
		err = o.split(description)
	}
	if err != nil {
		return o, fmt.Errorf("description of %s: %w", description.Name(kind), err)
	}
	return o, nil
}

func (o *overview) training(doc jobs.Document) error {
	var d jobs.TrainingJobDescription
	if err := json.Unmarshal(doc, &d); err != nil {
		return err
	}
	o.name, o.status, o.stage, o.reason = d.TrainingJobName, string(d.TrainingJobStatus), string(d.SecondaryStatus), d.FailureReason
	o.created, o.started, o.ended = d.CreationTime.Time, d.TrainingStartTime.Time, d.TrainingEndTime.Time
	o.input, o.output = channels(d.InputDataConfig), d.OutputDataConfig.S3OutputPath
	if d.ModelArtifacts != nil {
		o.artifact = d.ModelArtifacts.S3ModelArtifacts
	}
	o.metrics = d.FinalMetricDataList
	o.setProgress(d.Progress)
	return nil
}

func (o *overview) transform(doc jobs.Document) error {
	var d jobs.TransformJobDescription
	if err := json.Unmarshal(doc, &d); err != nil {
		return err
	}
	o.name, o.status, o.reason, o.model = d.TransformJobName, string(d.TransformJobStatus), d.FailureReason, d.ModelName
	o.created, o.started, o.ended = d.CreationTime.Time, d.TransformStartTime.Time, d.TransformEndTime.Time
	o.input = d.TransformInput.DataSource.S3DataSource.S3Uri
	o.output, o.manifest = d.TransformOutput.S3OutputPath, d.Manifest
	o.setProgress(d.Progress)
	return nil
}

func (o *overview) split(doc jobs.Document) error {
	var d jobs.SplitJobDescription
	if err := json.Unmarshal(doc, &d); err != nil {
		return err
	}
	o.name, o.status, o.reason = d.SplitJobName, string(d.SplitJobStatus), d.FailureReason
	o.created, o.started, o.ended = d.CreationTime.Time, d.SplitStartTime.Time, d.SplitEndTime.Time
	o.input, o.output, o.manifest, o.sides = channels(d.InputDataConfig), d.OutputDataConfig.S3OutputPath, d.Manifest, d.SplitResults
	o.setProgress(d.Progress)
	return nil
}

func (o *overview) tuning(doc jobs.Document) error {
	v := tuningView{at: time.Now()}
	if err := json.Unmarshal(doc, &v.d); err != nil {
		return err
	}
	d := &v.d
	o.name, o.status, o.reason = d.HyperParameterTuningJobName, string(d.HyperParameterTuningJobStatus), d.FailureReason
	o.created, o.ended = d.CreationTime.Time, d.HyperParameterTuningEndTime.Time
	if all := d.Definitions(); len(all) > 0 {
		o.input, o.output = channels(all[0].InputDataConfig), all[0].OutputDataConfig.S3OutputPath
	}
	if p := d.Progress; p != nil && !d.HyperParameterTuningJobStatus.Terminal() {
		o.stage = p.Stage
	}
	c := d.TrainingJobStatusCounters
	o.more = append(o.more,
		[2]string{"Strategy", d.HyperParameterTuningJobConfig.Strategy},
		[2]string{"Training jobs", fmt.Sprintf("%d completed, %d stopped, %d failed, %d in progress", c.Completed, c.Stopped, c.Failed(), c.InProgress)})
	best := d.BestTrainingJob
	if d.OverallBestTrainingJob != nil {
		best = d.OverallBestTrainingJob
	}
	if best == nil {
		return nil
	}
	if value, ok := best.Value(); ok {
		o.more = append(o.more, [2]string{"Best", best.TrainingJobName}, [2]string{best.FinalHyperParameterTuningJobObjectiveMetric.MetricName, number(value)})
	}
	for _, name := range slices.Sorted(maps.Keys(best.TunedHyperParameters)) {
		o.more = append(o.more, [2]string{"  " + name, best.TunedHyperParameters[name]})
	}
	return nil
}

func (o *overview) setProgress(p *jobs.Progress) {
	if p == nil {
		return
	}
	o.progress = *p
	if o.stage == "" && !client.Terminal(o.status) {
		o.stage = p.Stage
	}
}

// channels lists where a job's channels lie.
func channels(all []jobs.Channel) string {
	var s []string
	for _, c := range all {
		if c.DataSource.S3DataSource != nil {
			s = append(s, c.DataSource.S3DataSource.S3Uri)
		}
	}
	return strings.Join(s, " ")
}

// duration is how long the job worked; until now if it still does.
func (o *overview) duration(now time.Time) time.Duration {
	start, end := o.started, o.ended
	if start.IsZero() {
		start = o.created
	}
	if end.IsZero() {
		if client.Terminal(o.status) || start.IsZero() {
			return 0
		}
		end = now
	}
	return end.Sub(start)
}

// rate is the rows per second of a job that has ended, empty where it does not count rows.
func (o *overview) rate() string {
	d := o.duration(time.Now())
	if o.progress.Rows == 0 {
		return ""
	}
	s := count(o.progress.Rows)
	if d > 0 {
		s += fmt.Sprintf(" (%s rows/s)", count(int64(float64(o.progress.Rows)/d.Seconds())))
	}
	return s
}

// addPage links to the job's page in the Temporal Web UI, where BATCHMILL_UI_URL says where that is.
func (o *overview) addPage(namespace string) {
	if ui := os.Getenv("BATCHMILL_UI_URL"); ui != "" {
		o.page = strings.TrimSuffix(ui, "/") + "/namespaces/" + url.PathEscape(namespace) + "/workflows/" + url.PathEscape(o.kind.WorkflowID(o.name))
	}
}

// addManifest takes the number of rows from the manifest, where the description does not tell it.
func (o *overview) addManifest(ctx context.Context, store storage.Store) {
	if o.progress.Rows > 0 || o.manifest == "" {
		return
	}
	uri, err := storage.ParseURI(o.manifest)
	if err != nil {
		return
	}
	// A summary does without what cannot be read.
	if m, err := sharding.ReadManifest(ctx, store, uri); err == nil && m != nil {
		o.progress.Rows, o.progress.Rejected = m.Rows, m.Rejected
	}
}

// print writes the job's summary.
func (o *overview) print(w io.Writer) {
	status := o.status
	if o.stage != "" && o.stage != o.status {
		status += " (" + o.stage + ")"
	}
	rejected := ""
	if o.progress.Rejected > 0 {
		rejected = count(o.progress.Rejected)
	}
	pairs := [][2]string{
		{"Job", word(o.kind) + " " + o.name},
		{"Status", status},
		{"Reason", o.reason},
		{"Created", clock(o.created)},
		{"Took", took(o.duration(time.Now()))},
		{"Model", o.model},
		{"Input", o.input},
		{"Rows", o.rate()},
		{"Rejected", rejected},
		{"Output", o.output},
		{"Artifact", o.artifact},
		{"Manifest", o.manifest},
		{"Web UI", o.page},
	}
	pairs = append(pairs, o.more...)
	for _, m := range o.metrics {
		pairs = append(pairs, [2]string{m.MetricName, number(m.Value)})
	}
	for _, s := range o.sides {
		pairs = append(pairs, [2]string{s.ChannelName, count(s.Rows) + " rows in " + s.S3Uri})
	}
	printPairs(w, pairs...)
}

// withProgress puts live progress into a description.
func withProgress(description jobs.Document, p jobs.Progress) jobs.Document {
	members := map[string]json.RawMessage{}
	if json.Unmarshal(description, &members) != nil {
		return description
	}
	text, err := json.Marshal(p)
	if err != nil {
		return description
	}
	members["Progress"] = text
	if all, err := json.Marshal(members); err == nil {
		return all
	}
	return description
}
