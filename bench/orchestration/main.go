// Command orchestration measures how soon a tuning job starts its next training job after one has ended, on the stack that the
// environment names:
//
//	batchmill dev &
//	eval "$(batchmill env)"
//	go run ./bench/orchestration -trials 200 -parallel 4
//
// The training jobs are real ones of xgboost on a small table. The time between a training job's end and the start of the one
// that takes its slot is taken from their own descriptions, by the server's clock.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"

	"github.com/batchmill/batchmill/client"
	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/storage"
)

type options struct {
	trials, parallel, rounds int
	strategy                 string
}

func main() {
	var o options
	flag.IntVar(&o.trials, "trials", 200, "training jobs")
	flag.IntVar(&o.parallel, "parallel", 4, "training jobs at once")
	flag.IntVar(&o.rounds, "rounds", 10, "rounds of each")
	flag.StringVar(&o.strategy, "strategy", jobs.StrategyRandom, "strategy of the search")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, o options) error {
	c, err := client.Dial(ctx, client.Options{})
	if err != nil {
		return err
	}
	defer c.Close()
	name := time.Now().UTC().Format("orchestrate-20060102-150405")
	if err := upload(ctx, c.Store()); err != nil {
		return err
	}
	doc, err := document(name, o)
	if err != nil {
		return err
	}
	begun := time.Now()
	job, err := c.Start(ctx, jobs.TuningKind, doc)
	if err != nil {
		return err
	}
	if _, err := job.Wait(ctx, nil); err != nil {
		return err
	}
	wall := time.Since(begun)
	fmt.Printf("%d training jobs by strategy %s, %d at once, %d rounds each: %.1f s\n", o.trials, o.strategy, o.parallel, o.rounds, wall.Seconds())
	gaps, err := measure(ctx, c, name, o)
	if err != nil {
		return err
	}
	if part := len(gaps) / parts; part >= partLeast {
		for i := range parts {
			fmt.Printf("  of the %d. tenth: %s\n", i+1, quantiles(gaps[i*part:(i+1)*part]))
		}
	}
	fmt.Printf("from a training job's end to the next one's start: %s\n", quantiles(gaps))
	return lengths(ctx, c, name)
}

// A long search is shown in parts too: whether it slows down.
const (
	parts     = 10
	partLeast = 100
)

func quantiles(gaps []time.Duration) string {
	gaps = slices.Sorted(slices.Values(gaps))
	at := func(share float64) int64 { return gaps[int(share*float64(len(gaps)-1))].Milliseconds() }
	return fmt.Sprintf("median %d ms, 90 %% within %d ms, 99 %% within %d ms, at most %d ms", at(0.5), at(0.9), at(0.99), at(1))
}

// measure pairs each training job but the first ones with the end that made room for it: the k-th end frees the slot of the
// k-th job that did not start at once. It fails unless each trial was one training job that completed.
func measure(ctx context.Context, c *client.Client, name string, o options) ([]time.Duration, error) {
	trials, err := c.Trials(name).Read(ctx)
	if err != nil {
		return nil, err
	}
	if len(trials) != o.trials {
		return nil, fmt.Errorf("%d trials, not %d", len(trials), o.trials)
	}
	var starts, ends []time.Time
	names := map[string]bool{}
	for _, t := range trials {
		text, err := c.Job(jobs.TrainingKind, t.Summary.TrainingJobName).Describe(ctx)
		if err != nil {
			return nil, err
		}
		var d jobs.TrainingJobDescription
		if err := json.Unmarshal(text, &d); err != nil {
			return nil, err
		}
		names[d.TrainingJobName] = true
		if len(names) != len(starts)+1 || d.TrainingJobStatus != jobs.TrainingJobStatusCompleted {
			return nil, fmt.Errorf("training job %s came twice or is %s", d.TrainingJobName, d.TrainingJobStatus)
		}
		starts, ends = append(starts, d.CreationTime.Time), append(ends, d.TrainingEndTime.Time)
	}
	slices.SortFunc(starts, time.Time.Compare)
	slices.SortFunc(ends, time.Time.Compare)
	if len(starts) <= o.parallel {
		return nil, errors.New("more training jobs are needed than run at once")
	}
	var gaps []time.Duration
	for i, start := range starts[o.parallel:] {
		gaps = append(gaps, start.Sub(ends[i]))
	}
	return gaps, nil
}

// lengths prints how many events the histories of the tuning job's runs have.
func lengths(ctx context.Context, c *client.Client, name string) error {
	id, run := jobs.TuningKind.WorkflowID(name), ""
	var all []string
	for {
		d, err := c.Temporal().DescribeWorkflowExecution(ctx, id, run)
		if err != nil {
			return err
		}
		info := d.GetWorkflowExecutionInfo()
		all = append(all, fmt.Sprintf("%d events (%.1f MB)", info.GetHistoryLength(), float64(info.GetHistorySizeBytes())/1e6))
		events := c.Temporal().GetWorkflowHistory(ctx, id, info.GetExecution().GetRunId(), false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
		first, err := events.Next()
		if err != nil {
			return err
		}
		if run = first.GetWorkflowExecutionStartedEventAttributes().GetContinuedExecutionRunId(); run == "" {
			break
		}
	}
	slices.Reverse(all)
	fmt.Printf("runs of the tuning job's workflow: %s\n", strings.Join(all, ", "))
	return nil
}

// upload stores a table of 400 rows.
func upload(ctx context.Context, store storage.Store) error {
	if err := store.EnsureBucket(ctx, "bench"); err != nil {
		return err
	}
	rng := rand.New(rand.NewPCG(1, 1))
	for _, side := range []string{"train", "validation"} {
		var b strings.Builder
		b.WriteString("y,a,b,c\n")
		for range 200 {
			x := [3]float64{rng.Float64(), rng.Float64(), rng.Float64()}
			fmt.Fprintf(&b, "%g,%g,%g,%g\n", x[0]*x[1]+rng.NormFloat64()/10, x[0], x[1], x[2])
		}
		at := storage.URI{Bucket: "bench", Key: "orchestration/" + side + "/table.csv"}
		if _, err := storage.WriteAll(ctx, store, at, []byte(b.String()), storage.PutOptions{}); err != nil {
			return err
		}
	}
	return nil
}

func document(name string, o options) ([]byte, error) {
	channel := func(side string) jobs.Channel {
		return jobs.Channel{ChannelName: side, ContentType: "text/csv;header=present;label=y", DataSource: jobs.DataSource{
			S3DataSource: &jobs.S3DataSource{S3DataType: "S3Prefix", S3Uri: "s3://bench/orchestration/" + side + "/"},
		}}
	}
	job := &jobs.HyperParameterTuningJob{
		HyperParameterTuningJobName: name,
		HyperParameterTuningJobConfig: jobs.HyperParameterTuningJobConfig{
			Strategy:                         o.strategy,
			HyperParameterTuningJobObjective: &jobs.HyperParameterTuningJobObjective{Type: jobs.Minimize, MetricName: "validation:rmse"},
			ResourceLimits:                   jobs.ResourceLimits{MaxNumberOfTrainingJobs: o.trials, MaxParallelTrainingJobs: o.parallel},
			ParameterRanges: &jobs.ParameterRanges{
				IntegerParameterRanges: []jobs.IntegerParameterRange{{Name: "max_depth", MinValue: "2", MaxValue: "6"}},
				ContinuousParameterRanges: []jobs.ContinuousParameterRange{
					{Name: "eta", MinValue: "0.05", MaxValue: "0.5", ScalingType: jobs.ScalingLogarithmic},
					{Name: "lambda", MinValue: "0.01", MaxValue: "100", ScalingType: jobs.ScalingLogarithmic},
				},
			},
		},
		TrainingJobDefinition: &jobs.HyperParameterTrainingJobDefinition{
			StaticHyperParameters:  map[string]string{"num_round": fmt.Sprint(o.rounds), "objective": "reg:squarederror"},
			AlgorithmSpecification: jobs.HyperParameterAlgorithmSpecification{TrainingImage: "xgboost:1", TrainingInputMode: "File"},
			InputDataConfig:        []jobs.Channel{channel("train"), channel("validation")},
			OutputDataConfig:       jobs.OutputDataConfig{S3OutputPath: "s3://bench/orchestration/models/"},
		},
	}
	return jobs.Encode(job)
}
