package sharding_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/batchmill/batchmill/activities/sharding"
	"github.com/batchmill/batchmill/dataset"
	"github.com/batchmill/batchmill/internal/testdata"
	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/storage"
	"github.com/batchmill/batchmill/storage/memory"
	"github.com/stretchr/testify/require"
)

// A job under test copies rows: every unit's rows go to the fragment "rows", and a line about the unit to "notes". So it
// has outputs of all kinds: one table per input, one file of lines over all inputs, one literal list of what was written.
type job struct {
	media     dataset.Media
	out       dataset.Media
	unitBytes int64
	owner     string
}

const bucket = "b"

var (
	outPath = storage.URI{Bucket: bucket, Key: "out/"}
	root    = outPath.Join("_batchmill", "copy", "")
)

// rowsOf is a table's first rows as CSV with header; 0 means all.
func rowsOf(t testing.TB, rows int, elem ...string) []byte {
	t.Helper()
	data, err := os.ReadFile(testdata.Path(t, elem...))
	require.NoError(t, err)
	if strings.HasSuffix(elem[len(elem)-1], ".gz") {
		z, err := gzip.NewReader(bytes.NewReader(data))
		require.NoError(t, err)
		data, err = io.ReadAll(z)
		require.NoError(t, err)
	}
	if rows == 0 {
		return data
	}
	lines := bytes.SplitAfterN(data, []byte("\n"), rows+2)
	return bytes.Join(lines[:rows+1], nil)
}

func california(t testing.TB, rows int) []byte {
	return rowsOf(t, rows, "california_housing", "california_train80.csv")
}

func adult(t testing.TB, rows int) []byte { return rowsOf(t, rows, "adult", "adult_train80.csv.gz") }

// toParquet writes a CSV table as Parquet with row groups of that many rows.
func toParquet(t testing.TB, table []byte, group int) []byte {
	t.Helper()
	ctx := t.Context()
	store := memory.New(bucket)
	put(t, store, storage.URI{Bucket: bucket, Key: "t"}, table)
	object := pinned(t, store, storage.URI{Bucket: bucket, Key: "t"})
	media := dataset.Media{Format: dataset.CSV, Header: true}
	schema, err := dataset.Infer(ctx, []dataset.Object{object}, media)
	require.NoError(t, err)
	r, err := dataset.NewReader(ctx, object, dataset.ReadOptions{Media: media, Schema: schema})
	require.NoError(t, err)
	var buf bytes.Buffer
	w, err := dataset.NewWriter(&buf, schema, dataset.WriteOptions{Media: dataset.Media{Format: dataset.Parquet}, RowGroupRows: group})
	require.NoError(t, err)
	for {
		b, err := r.Next()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		require.NoError(t, w.Write(b))
	}
	require.NoError(t, w.Close())
	return buf.Bytes()
}

func put(t testing.TB, store storage.Store, uri storage.URI, data []byte) {
	t.Helper()
	_, err := storage.WriteAll(t.Context(), store, uri, data, storage.PutOptions{})
	require.NoError(t, err)
}

func pinned(t testing.TB, store storage.Store, uri storage.URI) *storage.Object {
	t.Helper()
	info, err := store.Stat(t.Context(), uri)
	require.NoError(t, err)
	return storage.NewObject(store, info)
}

// seeded is a store with inputs under in/.
func seeded(t testing.TB, inputs map[string][]byte) *memory.Store {
	t.Helper()
	store := memory.New(bucket)
	for name, data := range inputs {
		put(t, store, storage.URI{Bucket: bucket, Key: "in/" + name}, data)
	}
	return store
}

// plan lists the inputs and writes the plan, as a planner does.
func (j job) plan(ctx context.Context, store storage.Store, shards int) (*sharding.Plan, string, error) {
	p := &sharding.Plan{Head: sharding.Head{Kind: jobs.TransformKind.Name, Job: "copy", Owner: j.owner}}
	var objects []dataset.Object
	var units [][]dataset.Unit
	err := store.List(ctx, storage.URI{Bucket: bucket, Key: "in/"}, func(info storage.Info) error {
		object := storage.NewObject(store, info)
		us, err := dataset.Units(ctx, object, j.media, j.unitBytes)
		if err != nil {
			return err
		}
		units = append(units, us)
		objects = append(objects, object)
		out := sharding.Output{
			URI: outPath.Join(info.URI.Base() + ".out").String(), Input: len(p.Inputs), Fragment: "rows",
			Format: sharding.Lines, ContentType: j.out.String(),
		}
		if j.out.Format == dataset.Parquet {
			out.Format = sharding.Parquet
		}
		p.Outputs = append(p.Outputs, out)
		p.Inputs = append(p.Inputs, sharding.Input{URI: info.URI.String(), Size: info.Size, ETag: info.ETag})
		return nil
	})
	if err != nil {
		return nil, "", err
	}
	schema, err := dataset.Infer(ctx, objects, j.media)
	if err != nil {
		return nil, "", err
	}
	for i := range p.Outputs {
		if j.out.Header {
			var top bytes.Buffer
			w, err := dataset.NewWriter(&top, schema, dataset.WriteOptions{Media: j.out})
			if err != nil {
				return nil, "", err
			}
			if err := w.Close(); err != nil {
				return nil, "", err
			}
			p.Outputs[i].Header = top.Bytes()
		}
	}
	p.Outputs = append(p.Outputs,
		sharding.Output{URI: outPath.Join("notes.jsonl").String(), Input: -1, Fragment: "notes", Format: sharding.Lines, Optional: true, ContentType: "application/jsonlines"},
		sharding.Output{URI: outPath.Join("never.jsonl").String(), Input: -1, Fragment: "nothing", Format: sharding.Lines, Optional: true},
		sharding.Output{URI: outPath.Join("list.json").String(), Input: -1, Format: sharding.Literal})
	if p.Params, err = dataset.MarshalSchema(schema); err != nil {
		return nil, "", err
	}
	if p.Params, err = json.Marshal([]byte(p.Params)); err != nil {
		return nil, "", err
	}
	p.Cut(units, shards, 0)
	head, digest, err := sharding.WritePlan(ctx, store, root, p)
	if err != nil {
		return nil, "", err
	}
	p, err = readWhole(ctx, store, head)
	return p, digest, err
}

// readWhole reads a plan back with all its shards.
func readWhole(ctx context.Context, store storage.Store, head *sharding.Head) (*sharding.Plan, error) {
	p, err := head.Lists(ctx, store)
	if err != nil {
		return nil, err
	}
	p.Shards, err = head.ReadShards(ctx, store, 0, head.ShardCount)
	return p, err
}

// shard does one shard, unless it is done.
func (j job) shard(ctx context.Context, store storage.Store, p *sharding.Plan, digest string, i int) error {
	if done, err := sharding.Done(ctx, store, root, digest, i); done != nil || err != nil {
		return err
	}
	return j.attempt(ctx, store, p, digest, i)
}

// attempt does one shard, as a zombie would even if it is done.
func (j job) attempt(ctx context.Context, store storage.Store, p *sharding.Plan, digest string, i int) error {
	return j.do(ctx, store, p.Params, p.Shards[i], digest, i)
}

func (j job) do(ctx context.Context, store storage.Store, params json.RawMessage, shard sharding.Shard, digest string, i int) error {
	var encoded []byte
	if err := json.Unmarshal(params, &encoded); err != nil {
		return err
	}
	schema, err := dataset.UnmarshalSchema(encoded)
	if err != nil {
		return err
	}
	work := sharding.NewStaging(digest, i)
	defer work.Close()
	for _, run := range shard.Runs {
		if err := j.copyRun(ctx, store, run, schema, work); err != nil {
			return err
		}
	}
	return work.Finish(ctx, store, root)
}

// copyRun copies the rows of one run.
func (j job) copyRun(ctx context.Context, store storage.Store, run sharding.Run, schema *dataset.Schema, work *sharding.Staging) error {
	object, err := run.Object.Object(store)
	if err != nil {
		return err
	}
	media, format := j.out, sharding.Lines
	media.Header = false
	if media.Format == dataset.Parquet {
		format = sharding.Parquet
	}
	w, err := dataset.NewWriter(work.Fragment("rows", format), schema, dataset.WriteOptions{Media: media})
	if err != nil {
		return err
	}
	notes := work.Fragment("notes", sharding.Lines)
	for _, u := range run.Units {
		n, err := copyUnit(ctx, object, dataset.ReadOptions{Media: j.media, Unit: &u, Schema: schema}, w)
		if err != nil {
			return err
		}
		work.Receipt.Rows += n
		work.Count("rows", n)
		work.Count("notes", 1)
		fmt.Fprintf(notes, "{\"input\":%d,\"unit\":%d,\"rows\":%d}\n", run.Input, u.Index, n)
	}
	if err := w.Close(); err != nil {
		return err
	}
	return work.EndRun(run.Input)
}

func copyUnit(ctx context.Context, object dataset.Object, o dataset.ReadOptions, w dataset.Writer) (rows int64, err error) {
	r, err := dataset.NewReader(ctx, object, o)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	for {
		b, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return 0, err
		}
		rows += b.NumRows()
		err = w.Write(b)
		b.Release()
		if err != nil {
			return 0, err
		}
	}
	if c, ok := w.(interface{ CutRowGroup() error }); ok {
		return rows, c.CutRowGroup()
	}
	return rows, nil
}

// commit makes the output visible.
func (j job) commit(ctx context.Context, store storage.Store) (*sharding.Manifest, error) {
	return sharding.Commit(ctx, store, root, sharding.CommitOptions{Literal: list})
}

func list(_ sharding.Output, before []sharding.ManifestOutput) ([]byte, error) {
	var names []string
	for _, o := range before {
		names = append(names, o.URI)
	}
	return json.Marshal(names)
}

// run does everything, one step after the other.
func (j job) run(ctx context.Context, store storage.Store, shards int) error {
	if m, err := sharding.ReadManifest(ctx, store, sharding.ManifestURI(root)); m != nil || err != nil {
		// A workflow knows that it has planned and would not plan anew; it would ask for the commit again.
		if err == nil {
			_, err = j.commit(ctx, store)
		}
		return err
	}
	p, digest, err := j.plan(ctx, store, shards)
	if err != nil {
		return err
	}
	for i := range p.Shards {
		if err := j.shard(ctx, store, p, digest, i); err != nil {
			return err
		}
	}
	_, err = j.commit(ctx, store)
	return err
}

// contents is every object below a prefix.
func contents(t testing.TB, store storage.Store, prefix storage.URI) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := store.List(t.Context(), prefix, func(info storage.Info) error {
		data, _, err := storage.ReadAll(t.Context(), store, info.URI)
		all[info.URI.Key] = string(data)
		return err
	})
	require.NoError(t, err)
	return all
}

// sameContents compares by name and bytes, without printing megabytes.
func sameContents(t testing.TB, want, got map[string]string, msg string) {
	t.Helper()
	for name := range want {
		if _, ok := got[name]; !ok {
			t.Fatalf("%s: %s is missing", msg, name)
		}
	}
	for name, data := range got {
		if old, ok := want[name]; !ok {
			t.Fatalf("%s: %s should not be there", msg, name)
		} else if old != data {
			t.Fatalf("%s: %s has other bytes (%d, want %d)", msg, name, len(data), len(old))
		}
	}
}

var (
	csvMedia     = dataset.Media{Format: dataset.CSV, Header: true}
	parquetMedia = dataset.Media{Format: dataset.Parquet}
)
