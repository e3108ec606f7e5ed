package activities

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/activities/sharding"
	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/algorithms/xgboost"
	"github.com/batchmill/batchmill/dataset"
	"github.com/batchmill/batchmill/internal/testdata"
	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/storage"
	"github.com/batchmill/batchmill/storage/memory"
)

// shop is a worker's activities over a store in memory, with what a workflow would do around them.
type shop struct {
	testing.TB
	*Activities
	store storage.Store
}

// newShop makes the activities of one worker; small units make many shards of small tables.
func newShop(t testing.TB, store storage.Store) *shop {
	a := New(Options{
		Store: store, State: storage.URI{Bucket: "state"}, Registry: algorithms.NewRegistry(xgboost.New()), Threads: 2,
	})
	a.units = 8 << 10
	return &shop{TB: t, Activities: a, store: store}
}

func newStore() *memory.Store { return memory.New("b", "state", "seen") }

func (s *shop) put(uri string, data []byte) {
	s.Helper()
	at, err := storage.ParseURI(uri)
	require.NoError(s, err)
	_, err = storage.WriteAll(s.Context(), s.store, at, data, storage.PutOptions{})
	require.NoError(s, err)
}

// read is every object below a prefix, by key.
func (s *shop) read(prefix string) map[string]string {
	s.Helper()
	at, err := storage.ParseURI(prefix)
	require.NoError(s, err)
	all := map[string]string{}
	err = s.store.List(s.Context(), at, func(info storage.Info) error {
		data, _, err := storage.ReadAll(s.Context(), s.store, info.URI)
		all[info.URI.Key] = string(data)
		return err
	})
	require.NoError(s, err)
	return all
}

// register makes a model of an artifact, as the client does.
func (s *shop) register(name string, artifact []byte) {
	s.Helper()
	uri := "s3://b/models/" + name + "/model.tar.gz"
	if artifact != nil {
		s.put(uri, artifact)
	}
	s.registerAt(name, uri)
}

// registerAt makes a model of the artifact or model file at a URI.
func (s *shop) registerAt(name, uri string) {
	s.Helper()
	d := jobs.DescribeModel(jobs.Model{ModelName: name, PrimaryContainer: &jobs.ContainerDefinition{Image: "xgboost:1", ModelDataUrl: uri}}, "arn", time.Unix(0, 0))
	data, err := json.Marshal(d)
	require.NoError(s, err)
	s.put(storage.URI{Bucket: "state"}.Join(protocol.ModelObject(name)...).String(), data)
}

// reference is a model that XGBoost has trained, packed as an artifact, and its predictions.
func reference(t testing.TB, name string) (artifact []byte, predictions []float64) {
	t.Helper()
	model, err := os.ReadFile(testdata.Path(t, "xgboost_reference", name, "model.json"))
	require.NoError(t, err)
	artifact, err = pack(map[string][]byte{"xgboost-model": model})
	require.NoError(t, err)
	text, err := os.ReadFile(testdata.Path(t, "xgboost_reference", name, "test_predictions.txt"))
	require.NoError(t, err)
	for _, f := range strings.Fields(string(text)) {
		v, err := strconv.ParseFloat(f, 64)
		require.NoError(t, err)
		predictions = append(predictions, v)
	}
	return artifact, predictions
}

// table is a CSV table of the shared data.
func table(t testing.TB, elem ...string) [][]string {
	t.Helper()
	f, err := os.Open(testdata.Path(t, elem...))
	require.NoError(t, err)
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(elem[len(elem)-1], ".gz") {
		r, err = gzip.NewReader(f)
		require.NoError(t, err)
	}
	records, err := csv.NewReader(r).ReadAll()
	require.NoError(t, err)
	return records
}

func california(t testing.TB) [][]string {
	return table(t, "california_housing", "california_train80.csv")
}

// californiaTest is the rows that the reference models of california_housing were tested on, with their header.
func californiaTest(t testing.TB) [][]string {
	all := california(t)
	rows := all[:1]
	for i := 1; i < len(all); i += 5 {
		rows = append(rows[:len(rows):len(rows)], all[i])
	}
	return rows
}

func toCSV(t testing.TB, rows [][]string) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, csv.NewWriter(&b).WriteAll(rows))
	return b.Bytes()
}

// columns keeps the first n columns.
func columns(rows [][]string, n int) [][]string {
	out := make([][]string, len(rows))
	for i, r := range rows {
		out[i] = r[:n]
	}
	return out
}

// toParquet writes a CSV table with header as Parquet with row groups of that many rows.
func toParquet(t testing.TB, rows [][]string, group int) []byte {
	t.Helper()
	return convert(t, rows, dataset.WriteOptions{Media: dataset.Media{Format: dataset.Parquet}, RowGroupRows: group})
}

// object is JSON text under construction.
type object = map[string]any

func document(t testing.TB, o object) jobs.Document {
	t.Helper()
	data, err := json.Marshal(o)
	require.NoError(t, err)
	return data
}

// transformDoc scores s3://b/in/ with the model "m" into s3://b/out/.
func transformDoc(contentType string, env object) object {
	return object{
		"TransformJobName": "score", "ModelName": "m", "Environment": env,
		"TransformInput": object{
			"ContentType": contentType, "DataSource": object{"S3DataSource": object{"S3DataType": "S3Prefix", "S3Uri": "s3://b/in/"}},
		},
		"TransformOutput": object{"S3OutputPath": "s3://b/out/"},
	}
}

func shards(n int) object { return object{"BATCHMILL_SHARDS": strconv.Itoa(n)} }

// splitDoc splits s3://b/in/ into s3://b/out/.
func splitDoc(contentType string, strategy object, n int) object {
	d := object{
		"SplitJobName": "cut", "SplitStrategy": strategy, "Environment": shards(n),
		"InputDataConfig": []any{object{
			"ChannelName": "data", "ContentType": contentType,
			"DataSource": object{"S3DataSource": object{"S3DataType": "S3Prefix", "S3Uri": "s3://b/in/"}},
		}},
		"OutputDataConfig": object{"S3OutputPath": "s3://b/out/", "ContentType": "text/csv;header=present"},
	}
	if strategy["Type"] != jobs.SplitKFold {
		d["Outputs"] = []any{
			object{"ChannelName": "train", "Fraction": 0.7}, object{"ChannelName": "validation", "Fraction": 0.2}, object{"ChannelName": "test", "Fraction": 0.1},
		}
	}
	return d
}

// transform does what the workflow does, the clean-up after a failure included.
func (s *shop) transform(doc object) (protocol.Committed, error) {
	s.Helper()
	return s.sharded(jobs.TransformKind, jobOf(s, doc), s.PlanTransform, s.TransformShards)
}

func (s *shop) split(doc object) (protocol.Committed, error) {
	s.Helper()
	return s.sharded(jobs.SplitKind, protocol.Job{Name: "cut", Document: document(s, doc)}, s.PlanSplit, s.SplitShards)
}

func (s *shop) sharded(kind jobs.Kind, job protocol.Job, plan func(context.Context, protocol.Job) (protocol.Planned, error), work func(context.Context, protocol.Range) (protocol.RangeDone, error)) (done protocol.Committed, err error) {
	ctx := s.Context()
	ref := protocol.PlanRef{Job: job, Kind: kind.Name}
	defer func() {
		if err != nil {
			committed, failed := s.CleanUp(ctx, ref)
			require.NoError(s, failed)
			require.False(s, committed)
		}
	}()
	planned, err := plan(ctx, job)
	if err != nil {
		return done, err
	}
	ref.PlanURI, ref.Digest, ref.Shards = planned.PlanURI, planned.Digest, planned.Shards
	each := func(work func(context.Context, protocol.Range) (protocol.RangeDone, error)) error {
		// Ranges run last to first: nothing may depend on their order.
		for to := planned.Shards; to > 0; to -= planned.PerTask {
			r := protocol.Range{Job: job, PlanURI: planned.PlanURI, Digest: planned.Digest, From: max(0, to-planned.PerTask), To: to}
			if _, err := work(ctx, r); err != nil {
				return err
			}
		}
		return nil
	}
	for final := !planned.Scan; !final; {
		if err := each(s.ScanShards); err != nil {
			return done, err
		}
		if final, err = s.DecideSplit(ctx, ref); err != nil {
			return done, err
		}
	}
	if err := each(work); err != nil {
		return done, err
	}
	return s.Commit(ctx, ref)
}

// cut is a transform of one object that is to come out the same however it is cut into shards.
type cut struct {
	artifact []byte
	key      string // below s3://b/in/
	in       []byte
	doc      object
	registry *algorithms.Registry // nil: xgboost
}

// atAnyShards runs the transform as 1, 3 and 17 shards: check looks at the first, and the others' output must be the first's.
func (c cut) atAnyShards(t *testing.T, check func(s *shop, done protocol.Committed, got map[string]string)) {
	t.Helper()
	var first map[string]string
	for _, n := range []int{1, 3, 17} {
		s := newShop(t, newStore())
		s.units = 4 << 10
		if c.registry != nil {
			s.registry = c.registry
		}
		s.register("m", c.artifact)
		s.put("s3://b/in/"+c.key, c.in)
		c.doc["Environment"].(object)["BATCHMILL_SHARDS"] = strconv.Itoa(n)
		done, err := s.transform(c.doc)
		require.NoError(t, err)
		s.verify(done)
		got := s.read("s3://b/out/")
		if first == nil {
			first = got
			check(s, done, got)
		}
		sameObjects(t, first, got)
	}
}

// verify checks a committed job's output against its manifest, and a transform's against what is predicted again.
func (s *shop) verify(done protocol.Committed) *sharding.Report {
	s.Helper()
	uri, err := storage.ParseURI(done.ManifestURI)
	require.NoError(s, err)
	report, err := sharding.Verify(s.Context(), s.store, uri, nil)
	require.NoError(s, err)
	require.Empty(s, report.Problems)
	if report.Kind == jobs.TransformKind.Name {
		again := s.rescore(done, 1)
		require.Empty(s, again.Problems)
		require.GreaterOrEqual(s, again.Rows, report.Rows-report.Rejected)
	}
	return report
}

// rescore predicts a share of a committed transform's rows again.
func (s *shop) rescore(done protocol.Committed, share float64) *Rescored {
	s.Helper()
	uri, err := storage.ParseURI(done.ManifestURI)
	require.NoError(s, err)
	m, err := sharding.ReadManifest(s.Context(), s.store, uri)
	require.NoError(s, err)
	again, err := s.Rescore(s.Context(), m, RescoreOptions{Share: share})
	require.NoError(s, err)
	return again
}

// sameObjects compares by key and bytes, without printing megabytes.
func sameObjects(t testing.TB, want, got map[string]string) {
	t.Helper()
	for key, data := range got {
		old, ok := want[key]
		require.True(t, ok, "%s should not be there", key)
		require.True(t, old == data, "%s has other bytes (%d, want %d)", key, len(data), len(old))
	}
	require.Equal(t, len(want), len(got))
}

func jobOf(s *shop, doc object) protocol.Job {
	return protocol.Job{Name: doc["TransformJobName"].(string), Document: document(s, doc)}
}
