package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/client"
	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/storage"
)

// object is a JSON object.
type object = map[string]any

func source(uri string) object {
	return object{"S3DataSource": object{"S3DataType": "S3Prefix", "S3Uri": uri}}
}

func channel(name, contentType, uri string) object {
	return object{"ChannelName": name, "DataSource": source(uri), "ContentType": contentType}
}

func splitDocument(name, contentType, in, out string) object {
	return object{
		"SplitJobName":    name,
		"InputDataConfig": []any{channel("data", contentType, in)},
		"SplitStrategy":   object{"Type": "Random", "Seed": 7},
		"Outputs": []any{
			object{"ChannelName": "train", "Fraction": 0.8},
			object{"ChannelName": "validation", "Fraction": 0.1},
			object{"ChannelName": "test", "Fraction": 0.1},
		},
		"OutputDataConfig": object{"S3OutputPath": out, "ContentType": "application/x-parquet"},
	}
}

func trainDocument(name string, parameters map[string]string, out string, channels ...any) object {
	return object{
		"TrainingJobName":        name,
		"AlgorithmSpecification": object{"TrainingImage": "xgboost:1", "TrainingInputMode": "File"},
		"HyperParameters":        parameters,
		"InputDataConfig":        channels,
		"OutputDataConfig":       object{"S3OutputPath": out},
		"StoppingCondition":      object{"MaxRuntimeInSeconds": 3600},
		"Environment":            object{},
	}
}

func transformDocument(name, model, contentType, in, out, accept string) object {
	d := object{
		"TransformJobName": name, "ModelName": model,
		"TransformInput":  object{"DataSource": source(in), "ContentType": contentType},
		"TransformOutput": object{"S3OutputPath": out},
		"Environment":     object{},
	}
	if accept != "" {
		d["TransformOutput"].(object)["Accept"] = accept
	}
	return d
}

// setting puts a BATCHMILL_ setting into a document.
func setting(doc object, name, value string) object {
	doc["Environment"].(object)[name] = value
	return doc
}

func text(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return b
}

// begin starts a job through the Go client.
func (s *stack) begin(t *testing.T, kind jobs.Kind, doc object) *client.Job {
	t.Helper()
	job, err := s.Start(t.Context(), kind, text(t, doc))
	require.NoError(t, err)
	return job
}

// finish waits for a job and expects it to complete.
func finish[D any](t *testing.T, job *client.Job) D {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	d, err := job.Wait(ctx, nil)
	require.NoError(t, err, "%s %s", job.Kind.Name, job.Name)
	return decode[D](t, d)
}

// fail waits for a job and expects it not to complete; it returns why.
func fail[D any](t *testing.T, job *client.Job) (D, *client.FailedError) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	d, err := job.Wait(ctx, nil)
	var failed *client.FailedError
	require.ErrorAs(t, err, &failed, "%s %s", job.Kind.Name, job.Name)
	return decode[D](t, d), failed
}

func decode[D any](t *testing.T, doc jobs.Document) D {
	t.Helper()
	var d D
	require.NoError(t, json.Unmarshal(doc, &d), "%s", doc)
	return d
}

func (s *stack) split(t *testing.T, doc object) jobs.SplitJobDescription {
	t.Helper()
	return finish[jobs.SplitJobDescription](t, s.begin(t, jobs.SplitKind, doc))
}

func (s *stack) train(t *testing.T, doc object) jobs.TrainingJobDescription {
	t.Helper()
	return finish[jobs.TrainingJobDescription](t, s.begin(t, jobs.TrainingKind, doc))
}

func (s *stack) transform(t *testing.T, doc object) jobs.TransformJobDescription {
	t.Helper()
	return finish[jobs.TransformJobDescription](t, s.begin(t, jobs.TransformKind, doc))
}

// model registers an artifact.
func (s *stack) model(t *testing.T, name, artifact string) {
	t.Helper()
	_, err := s.CreateModel(t.Context(), text(t, object{
		"ModelName": name, "PrimaryContainer": object{"Image": "xgboost:1", "ModelDataUrl": artifact},
	}))
	require.NoError(t, err)
}

func uri(t *testing.T, s string) storage.URI {
	t.Helper()
	u, err := storage.ParseURI(s)
	require.NoError(t, err)
	return u
}

// bucket makes a bucket of the test's own and returns its URI.
func (s *stack) bucket(t *testing.T, name string) string {
	t.Helper()
	require.NoError(t, s.Store().EnsureBucket(t.Context(), name))
	return "s3://" + name + "/"
}

func (s *stack) put(t *testing.T, to string, content []byte) {
	t.Helper()
	_, err := storage.WriteAll(t.Context(), s.Store(), uri(t, to), content, storage.PutOptions{})
	require.NoError(t, err)
}

func (s *stack) get(t *testing.T, from string) []byte {
	t.Helper()
	b, _, err := storage.ReadAll(t.Context(), s.Store(), uri(t, from))
	require.NoError(t, err)
	return b
}

// list returns the keys below a prefix. A store that is down at the moment lists nothing.
func (s *stack) list(t *testing.T, prefix string) []string {
	t.Helper()
	var keys []string
	err := s.Store().List(t.Context(), uri(t, prefix), func(i storage.Info) error {
		keys = append(keys, i.URI.Key)
		return nil
	})
	if err != nil && !errors.Is(err, storage.ErrUnavailable) && !errors.Is(err, storage.ErrNoBucket) {
		require.NoError(t, err)
	}
	return keys
}

// contents reads everything below a prefix, by key relative to it, with a job's name taken out of keys and content, so that
// jobs that differ in name alone compare equal.
func (s *stack) contents(t *testing.T, prefix, jobName string) map[string]string {
	t.Helper()
	all := map[string]string{}
	at := uri(t, prefix)
	for _, key := range s.list(t, prefix) {
		body := s.get(t, "s3://"+at.Bucket+"/"+key)
		name := strings.TrimPrefix(key, at.Key)
		all[strings.ReplaceAll(name, jobName, "JOB")] = string(bytes.ReplaceAll(body, []byte(jobName), []byte("JOB")))
	}
	return all
}

// requireSame compares contents without printing them.
func requireSame(t *testing.T, want, got map[string]string, about string) {
	t.Helper()
	require.Equal(t, slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got)), about)
	for name := range want {
		if want[name] != got[name] {
			t.Fatalf("%s: %s has other bytes (%d and %d of them)", about, name, len(want[name]), len(got[name]))
		}
	}
}

func metric(t *testing.T, d jobs.TrainingJobDescription, name string) float64 {
	t.Helper()
	for _, m := range d.FinalMetricDataList {
		if m.MetricName == name {
			return m.Value
		}
	}
	require.Fail(t, fmt.Sprintf("no metric %s in %v", name, d.FinalMetricDataList))
	return 0
}
