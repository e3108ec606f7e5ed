package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/batchmill/batchmill/bench/tables"
	"github.com/batchmill/batchmill/client"
	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/storage"
	"github.com/batchmill/batchmill/tuning"
)

// stackBucket is where the tables lie for jobs.
const stackBucket = "bench"

// stackLabel is the label's column.
const stackLabel = "target"

// stack makes a run's trials by a tuning job on the stack that the environment names. All of the time from handing in the document
// to the job's end is the trials': each has what passed since the one before ended.
func (o options) stack(ctx context.Context, w work, side string, seed int) ([]trial, error) {
	c, err := client.Dial(ctx, client.Options{})
	if err != nil {
		return nil, fmt.Errorf("no stack here? batchmill dev & eval \"$(batchmill env)\": %w", err)
	}
	defer c.Close()
	job, err := o.stackJob(ctx, c, w, side, seed)
	if err != nil {
		return nil, err
	}
	doc, err := jobs.Encode(job)
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	started, err := c.Start(ctx, jobs.TuningKind, doc)
	if err != nil {
		return nil, err
	}
	if _, err := started.Wait(ctx, nil); err != nil {
		return nil, err
	}
	wall := time.Since(begin)
	all, err := c.Trials(started.Name).Read(ctx)
	if err != nil {
		return nil, err
	}
	return shareOut(all, begin, wall), nil
}

// shareOut makes trials of training jobs, in the order in which they ended.
func shareOut(all []client.Trial, begin time.Time, wall time.Duration) []trial {
	slices.SortFunc(all, func(a, b client.Trial) int { return a.Summary.TrainingEndTime.Compare(b.Summary.TrainingEndTime.Time) })
	var out []trial
	before := begin
	for i, t := range all {
		end := t.Summary.TrainingEndTime.Time
		if i == len(all)-1 {
			end = begin.Add(wall)
		}
		value, _ := t.Summary.Value()
		out = append(out, trial{
			Values: t.Summary.TunedHyperParameters, Value: value, Curve: make([]float64, t.Rounds), Train: end.Sub(before).Seconds(), Stopped: t.EarlyStopped,
		})
		before = end
	}
	return out
}

// stackJob is the tuning job, its tables in the store.
func (o options) stackJob(ctx context.Context, c *client.Client, w work, side string, seed int) (*jobs.HyperParameterTuningJob, error) {
	train, validation, err := w.split(ctx, o, seed)
	if err != nil {
		return nil, err
	}
	if err := c.Store().EnsureBucket(ctx, stackBucket); err != nil {
		return nil, err
	}
	folder := storage.URI{Bucket: stackBucket}.Join("realtuning", w.name, strconv.Itoa(seed))
	var channels []jobs.Channel
	for _, s := range []struct {
		name  string
		table *tables.Table
	}{{"train", train}, {"validation", validation}} {
		text, err := asCSV(s.table)
		if err != nil {
			return nil, err
		}
		if _, err := storage.WriteAll(ctx, c.Store(), folder.Join(s.name, "table.csv"), text, storage.PutOptions{}); err != nil {
			return nil, err
		}
		channels = append(channels, jobs.Channel{ChannelName: s.name, ContentType: "text/csv;header=present;label=" + stackLabel, DataSource: jobs.DataSource{
			S3DataSource: &jobs.S3DataSource{S3DataType: "S3Prefix", S3Uri: folder.Join(s.name, "").String()},
		}})
	}
	job := &jobs.HyperParameterTuningJob{
		HyperParameterTuningJobName: time.Now().UTC().Format("realtuning-20060102-150405"),
		HyperParameterTuningJobConfig: jobs.HyperParameterTuningJobConfig{
			Strategy:                         jobs.StrategyBayesian,
			HyperParameterTuningJobObjective: &jobs.HyperParameterTuningJobObjective{Type: jobs.Minimize, MetricName: "validation:" + w.metric},
			ResourceLimits:                   jobs.ResourceLimits{MaxNumberOfTrainingJobs: o.trials, MaxParallelTrainingJobs: o.parallel},
			ParameterRanges:                  rangesOf(space()),
			RandomSeed:                       &seed,
		},
		TrainingJobDefinition: &jobs.HyperParameterTrainingJobDefinition{
			StaticHyperParameters:  w.static(seed),
			AlgorithmSpecification: jobs.HyperParameterAlgorithmSpecification{TrainingImage: "xgboost:1", TrainingInputMode: "File"},
			InputDataConfig:        channels,
			OutputDataConfig:       jobs.OutputDataConfig{S3OutputPath: folder.Join("models", "").String()},
		},
	}
	if side == sideStackAuto {
		job.HyperParameterTuningJobConfig.TrainingJobEarlyStoppingType = "Auto"
	}
	return job, nil
}

// rangesOf is a space of numbers as documents have it.
func rangesOf(s tuning.Space) *jobs.ParameterRanges {
	text := func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
	var r jobs.ParameterRanges
	for _, p := range s {
		if p.Kind == tuning.Integer {
			r.IntegerParameterRanges = append(r.IntegerParameterRanges, jobs.IntegerParameterRange{Name: p.Name, MinValue: text(p.Min), MaxValue: text(p.Max), ScalingType: p.Scale.String()})
		} else {
			r.ContinuousParameterRanges = append(r.ContinuousParameterRanges, jobs.ContinuousParameterRange{Name: p.Name, MinValue: text(p.Min), MaxValue: text(p.Max), ScalingType: p.Scale.String()})
		}
	}
	return &r
}

// asCSV writes a table as users have it.
func asCSV(t *tables.Table) ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	record := []string{stackLabel}
	for _, c := range t.Columns {
		record = append(record, c.Name)
	}
	err := w.Write(record)
	for row := 0; row < t.Rows() && err == nil; row++ {
		record[0] = number(t.Label[row])
		for i, c := range t.Columns {
			if v := c.Values[row]; c.Categories == nil || math.IsNaN(float64(v)) {
				record[i+1] = number(v)
			} else {
				record[i+1] = c.Categories[int(v)]
			}
		}
		err = w.Write(record)
	}
	w.Flush()
	if err == nil {
		err = w.Error()
	}
	return b.Bytes(), err
}

// number writes a value in the fewest digits that give it back; a missing one is empty.
func number(v float32) string {
	if math.IsNaN(float64(v)) {
		return ""
	}
	return strconv.FormatFloat(float64(v), 'g', -1, 32)
}
