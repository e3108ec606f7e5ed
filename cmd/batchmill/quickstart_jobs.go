package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/batchmill/batchmill/examples"
	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/storage"
)

const (
	quickstartBucket = "demo"
	// quickstartShards is how many objects the table is uploaded as, and how many shards score its test side.
	quickstartShards = 4
)

// run names one run of the quickstart: its jobs and prefixes, so that runs on one folder do not meet.
type run struct{ id string }

func newRun(at time.Time) run { return run{at.UTC().Format("20060102-150405")} }

func (r run) name(what string) string   { return "housing-" + what + "-" + r.id }
func (r run) folder(what string) string { return quickstartBucket + "/" + r.id + "/" + what + "/" }
func (r run) uri(what string) string    { return "s3://" + r.folder(what) }

// uploadParts stores the table as several objects, each with the header, as a pipeline would leave it.
func uploadParts(ctx context.Context, store storage.Store, r run, table []byte) (int, error) {
	if err := store.EnsureBucket(ctx, quickstartBucket); err != nil {
		return 0, err
	}
	uri, err := storage.ParseURI(r.uri("raw"))
	if err != nil {
		return 0, err
	}
	parts := cutTable(table, quickstartShards)
	for i, part := range parts {
		key := uri.Join(fmt.Sprintf("housing-%d.csv", i))
		if _, err := storage.WriteAll(ctx, store, key, part, storage.PutOptions{ContentType: "text/csv"}); err != nil {
			return 0, err
		}
	}
	return len(parts), nil
}

// cutTable cuts a CSV table without line ends in quotes into n tables of about the same size.
func cutTable(table []byte, n int) [][]byte {
	header, rest, _ := bytes.Cut(table, []byte("\n"))
	var parts [][]byte
	for i := n; i > 0 && len(rest) > 0; i-- {
		end := len(rest)
		if i > 1 {
			if at := bytes.IndexByte(rest[len(rest)/i:], '\n'); at >= 0 {
				end = len(rest)/i + at + 1
			}
		}
		parts = append(parts, bytes.Join([][]byte{header, rest[:end]}, []byte("\n")))
		rest = rest[end:]
	}
	return parts
}

// The documents are the repository's examples, with the run's names and prefixes.

func (r run) split() ([]byte, error) {
	d, err := jobs.ParseSplitJob(examples.Document("split.json"))
	if err != nil {
		return nil, err
	}
	d.SplitJobName = r.name("split")
	d.InputDataConfig[0].DataSource.S3DataSource.S3Uri = r.uri("raw")
	d.OutputDataConfig.S3OutputPath = r.uri("split")
	return json.Marshal(d)
}

func (r run) train() ([]byte, error) {
	d, err := jobs.ParseTrainingJob(examples.Document("train.json"))
	if err != nil {
		return nil, err
	}
	d.TrainingJobName = r.name("xgboost")
	for _, c := range d.InputDataConfig {
		c.DataSource.S3DataSource.S3Uri = r.uri("split") + c.ChannelName + "/"
	}
	d.OutputDataConfig.S3OutputPath = r.uri("models")
	return json.Marshal(d)
}

func (r run) model(artifact string) ([]byte, error) {
	d, err := jobs.ParseModel(examples.Document("model.json"))
	if err != nil {
		return nil, err
	}
	d.ModelName = r.name("model")
	d.PrimaryContainer.ModelDataUrl = artifact
	return json.Marshal(d)
}

func (r run) transform() ([]byte, error) {
	d, err := jobs.ParseTransformJob(examples.Document("transform.json"))
	if err != nil {
		return nil, err
	}
	d.TransformJobName, d.ModelName = r.name("test"), r.name("model")
	d.TransformInput.DataSource.S3DataSource.S3Uri = r.uri("split") + "test/"
	d.TransformOutput.S3OutputPath = r.uri("predictions")
	d.Environment = map[string]string{"BATCHMILL_SHARDS": strconv.Itoa(quickstartShards)}
	return json.Marshal(d)
}
