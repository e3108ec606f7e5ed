package sharding_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/batchmill/batchmill/activities/sharding"
	"github.com/batchmill/batchmill/dataset"
	"github.com/batchmill/batchmill/storage"
	"github.com/batchmill/batchmill/storage/memory"
	"github.com/stretchr/testify/require"
	"github.com/xitongsys/parquet-go/reader"
	"github.com/xitongsys/parquet-go/source"
	"golang.org/x/sync/errgroup"
)

// tables are real tables in both formats, with units enough to be cut into many shards.
func tables(t testing.TB) map[string]struct {
	job
	inputs map[string][]byte
} {
	house, people := california(t, 0), adult(t, 8000)
	type table = struct {
		job
		inputs map[string][]byte
	}
	many := map[string][]byte{"large.csv": house, "nothing.csv": nil}
	for i := range 150 {
		many[fmt.Sprintf("%03d.csv", i)] = california(t, 1+i*7%40)
	}
	return map[string]table{
		"many to csv":        {job{media: csvMedia, out: csvMedia, unitBytes: 64 << 10}, many},
		"many to parquet":    {job{media: csvMedia, out: parquetMedia, unitBytes: 64 << 10}, many},
		"csv to csv":         {job{media: csvMedia, out: csvMedia, unitBytes: 64 << 10}, map[string][]byte{"a.csv": house, "b.csv": house[:len(house)/3+bytes.IndexByte(house[len(house)/3:], '\n')+1]}},
		"csv to parquet":     {job{media: csvMedia, out: parquetMedia, unitBytes: 40 << 10}, map[string][]byte{"adult.csv": people}},
		"parquet to parquet": {job{media: parquetMedia, out: parquetMedia}, map[string][]byte{"a.parquet": toParquet(t, house, 700), "b.parquet": toParquet(t, house, 5000)}},
		"parquet to csv":     {job{media: parquetMedia, out: csvMedia}, map[string][]byte{"adult.parquet": toParquet(t, people, 300)}},
	}
}

// TestOutputDoesNotDependOnShards: the output is the same bytes for any number of shards, in any order, done twice, or by
// several attempts at once.
func TestOutputDoesNotDependOnShards(t *testing.T) {
	t.Parallel()
	for name, c := range tables(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			one := seeded(t, c.inputs)
			require.NoError(t, c.run(t.Context(), one, 1))
			want := contents(t, one, outPath)
			tables := len(c.inputs)
			if _, ok := c.inputs["nothing.csv"]; ok && c.out.Format == dataset.Parquet {
				tables-- // a Parquet file of no rows is not made
			}
			require.Len(t, want, tables+3, "a table for each input, notes, list, manifest")
			for _, shards := range []int{3, 17, 1000} {
				store := seeded(t, c.inputs)
				require.NoError(t, c.run(t.Context(), store, shards))
				sameContents(t, want, contents(t, store, outPath), "one after the other")
			}
			for way, do := range ways {
				store := seeded(t, c.inputs)
				p, digest, err := c.plan(t.Context(), store, 17)
				require.NoError(t, err)
				require.Greater(t, len(p.Shards), 9)
				require.NoError(t, do(t.Context(), c.job, store, p, digest), way)
				_, err = c.commit(t.Context(), store)
				require.NoError(t, err)
				sameContents(t, want, contents(t, store, outPath), way)
			}
		})
	}
}

// ways are the ways shards may be run in.
var ways = map[string]func(ctx context.Context, j job, store storage.Store, p *sharding.Plan, digest string) error{
	"any order": func(ctx context.Context, j job, store storage.Store, p *sharding.Plan, digest string) error {
		for _, i := range rand.New(rand.NewPCG(1, 2)).Perm(len(p.Shards)) {
			if err := j.shard(ctx, store, p, digest, i); err != nil {
				return err
			}
		}
		return nil
	},
	"twice": func(ctx context.Context, j job, store storage.Store, p *sharding.Plan, digest string) error {
		for n := range 2 * len(p.Shards) {
			if err := j.attempt(ctx, store, p, digest, n%len(p.Shards)); err != nil {
				return err
			}
		}
		return nil
	},
	"three attempts at once": func(ctx context.Context, j job, store storage.Store, p *sharding.Plan, digest string) error {
		var g errgroup.Group
		g.SetLimit(8)
		for i := range p.Shards {
			for range 3 {
				g.Go(func() error { return j.attempt(ctx, store, p, digest, i) })
			}
		}
		return g.Wait()
	},
}

// TestCopyHoldsTheRows compares an output with what encoding/csv reads in the input.
func TestCopyHoldsTheRows(t *testing.T) {
	t.Parallel()
	table := california(t, 0)
	j := job{media: csvMedia, out: csvMedia, unitBytes: 64 << 10}
	store := seeded(t, map[string][]byte{"a.csv": table})
	require.NoError(t, j.run(t.Context(), store, 5))
	want, err := csv.NewReader(bytes.NewReader(table)).ReadAll()
	require.NoError(t, err)
	got, err := csv.NewReader(bytes.NewReader([]byte(contents(t, store, outPath)["out/a.csv.out"]))).ReadAll()
	require.NoError(t, err)
	require.Equal(t, len(want), len(got))
	require.Equal(t, want[0], got[0])
	for i := 1; i < len(want); i++ {
		for c, text := range want[i] {
			a, err := strconv.ParseFloat(text, 64)
			if err != nil {
				require.Equal(t, text, got[i][c])
				continue
			}
			b, err := strconv.ParseFloat(got[i][c], 64)
			require.NoError(t, err)
			require.Equal(t, a, b, "row %d column %d", i, c)
		}
	}
}

// TestAssembledParquetIsReadByOthers reads a file put together from fragments with Arrow and with another implementation.
func TestAssembledParquetIsReadByOthers(t *testing.T) {
	t.Parallel()
	table := adult(t, 5000)
	j := job{media: csvMedia, out: parquetMedia, unitBytes: 40 << 10}
	store := seeded(t, map[string][]byte{"adult.csv": table})
	require.NoError(t, j.run(t.Context(), store, 7))
	data := []byte(contents(t, store, outPath)["out/adult.csv.out"])
	records, err := csv.NewReader(bytes.NewReader(table)).ReadAll()
	require.NoError(t, err)
	header, records := records[0], records[1:]

	object := pinned(t, store, outPath.Join("adult.csv.out"))
	r, err := dataset.NewReader(t.Context(), object, dataset.ReadOptions{Media: parquetMedia})
	require.NoError(t, err)
	defer r.Close()
	row := 0
	for {
		b, err := r.Next()
		if err != nil {
			break
		}
		for c := range header {
			text, err := dataset.Strings(b.Column(c))
			require.NoError(t, err)
			for i := range int(b.NumRows()) {
				s, _ := text(i)
				require.Equal(t, records[row+i][c], s)
			}
		}
		row += int(b.NumRows())
		b.Release()
	}
	require.Equal(t, len(records), row)

	other, err := reader.NewParquetColumnReader(&parquetBytes{Reader: bytes.NewReader(data), data: data}, 1)
	require.NoError(t, err)
	defer other.ReadStop()
	require.EqualValues(t, len(records), other.GetNumRows())
	for c := range header {
		values, _, _, err := other.ReadColumnByIndex(int64(c), int64(len(records)))
		require.NoError(t, err)
		for i, v := range values {
			switch v := v.(type) {
			case int64:
				require.Equal(t, records[i][c], strconv.FormatInt(v, 10))
			case string:
				require.Equal(t, records[i][c], v)
			case nil:
				require.Empty(t, records[i][c])
			default:
				t.Fatalf("column %s holds a %T", header[c], v)
			}
		}
	}
}

// parquetBytes is a Parquet file in memory for parquet-go.
type parquetBytes struct {
	*bytes.Reader
	data []byte
}

func (p *parquetBytes) Open(string) (source.ParquetFile, error) {
	return &parquetBytes{Reader: bytes.NewReader(p.data), data: p.data}, nil
}
func (p *parquetBytes) Create(string) (source.ParquetFile, error) {
	return nil, errors.New("read only")
}
func (p *parquetBytes) Write([]byte) (int, error) { return 0, errors.New("read only") }
func (p *parquetBytes) Close() error              { return nil }

// TestOnePlan: planners that race agree on one plan, whatever each of them had in mind.
func TestOnePlan(t *testing.T) {
	t.Parallel()
	store := seeded(t, map[string][]byte{"a.csv": california(t, 2000)})
	j := job{media: csvMedia, out: csvMedia, unitBytes: 16 << 10, owner: "run-1"}
	digests := make([]string, 12)
	plans := make([]*sharding.Plan, len(digests))
	var g errgroup.Group
	for i := range digests {
		g.Go(func() (err error) {
			plans[i], digests[i], err = j.plan(t.Context(), store, i+1)
			return err
		})
	}
	require.NoError(t, g.Wait())
	for i := range digests {
		require.Equal(t, digests[0], digests[i])
		require.Equal(t, plans[0].Shards, plans[i].Shards)
	}
	head, digest, err := sharding.ReadHead(t.Context(), store, sharding.PlanURI(root))
	require.NoError(t, err)
	stored, err := readWhole(t.Context(), store, head)
	require.NoError(t, err)
	require.Equal(t, digests[0], digest)
	require.Equal(t, plans[0].Shards, stored.Shards)
}

// TestPlanOfAnotherRun: what an earlier run of the same name left behind is cleared away, also a commit half done.
func TestPlanOfAnotherRun(t *testing.T) {
	t.Parallel()
	store := seeded(t, map[string][]byte{"a.csv": california(t, 2000)})
	j := job{media: csvMedia, out: csvMedia, unitBytes: 16 << 10, owner: "run-1"}
	p, old, err := j.plan(t.Context(), store, 3)
	require.NoError(t, err)
	for i := range p.Shards {
		require.NoError(t, j.shard(t.Context(), store, p, old, i))
	}
	_, err = sharding.Commit(t.Context(), store, root, sharding.CommitOptions{Literal: func(sharding.Output, []sharding.ManifestOutput) ([]byte, error) {
		return nil, errors.New("killed here")
	}})
	require.Error(t, err)
	require.Contains(t, contents(t, store, outPath), "out/a.csv.out")

	j.owner = "run-2"
	_, digest, err := j.plan(t.Context(), store, 3)
	require.NoError(t, err)
	require.NotEqual(t, old, digest)
	left := contents(t, store, outPath)
	require.Len(t, left, 1)
	require.Contains(t, left, "out/_batchmill/copy/plan.json")
	require.NoError(t, j.run(t.Context(), store, 3))
}

// TestCommittedOutputIsNotPlannedOver: a plan of another run is not cleared away if that run has committed.
func TestCommittedOutputIsNotPlannedOver(t *testing.T) {
	t.Parallel()
	store := seeded(t, map[string][]byte{"a.csv": california(t, 2000)})
	j := job{media: csvMedia, out: csvMedia, owner: "run-1"}
	p, digest, err := j.plan(t.Context(), store, 1)
	require.NoError(t, err)
	require.NoError(t, j.shard(t.Context(), store, p, digest, 0))
	_, err = sharding.Commit(t.Context(), store, root, sharding.CommitOptions{Literal: list, Keep: true})
	require.NoError(t, err)
	before := contents(t, store, outPath)
	j.owner = "run-2"
	_, _, err = j.plan(t.Context(), store, 1)
	require.ErrorIs(t, err, sharding.ErrCommitted)
	sameContents(t, before, contents(t, store, outPath), "after the refused plan")
}

// TestReceiptOfAnotherPlan: such a receipt counts for nothing.
func TestReceiptOfAnotherPlan(t *testing.T) {
	t.Parallel()
	store := seeded(t, map[string][]byte{"a.csv": california(t, 2000)})
	j := job{media: csvMedia, out: csvMedia, unitBytes: 16 << 10}
	p, digest, err := j.plan(t.Context(), store, 3)
	require.NoError(t, err)
	for i := range p.Shards {
		other := digest
		if i == 1 {
			other = "of another plan"
		}
		require.NoError(t, j.attempt(t.Context(), store, p, other, i))
	}
	r, err := sharding.Done(t.Context(), store, root, digest, 1)
	require.NoError(t, err)
	require.Nil(t, r)
	_, err = j.commit(t.Context(), store)
	require.ErrorContains(t, err, "shard 1 has no receipt")
	require.NotContains(t, contents(t, store, outPath), "out/a.csv.out")
	require.NoError(t, j.run(t.Context(), store, 3))
}

// TestInputChanges: a shard of input that is not what was planned fails and names it.
func TestInputChanges(t *testing.T) {
	t.Parallel()
	store := seeded(t, map[string][]byte{"a.csv": california(t, 2000)})
	j := job{media: csvMedia, out: csvMedia, unitBytes: 16 << 10}
	p, digest, err := j.plan(t.Context(), store, 3)
	require.NoError(t, err)
	require.NoError(t, j.shard(t.Context(), store, p, digest, 0))
	put(t, store, storage.URI{Bucket: bucket, Key: "in/a.csv"}, california(t, 1999))
	err = j.shard(t.Context(), store, p, digest, 1)
	require.ErrorIs(t, err, storage.ErrPrecondition)
	require.ErrorContains(t, err, "s3://b/in/a.csv")
	_, err = j.commit(t.Context(), store)
	require.Error(t, err)
	_, err = sharding.Rollback(t.Context(), store, root)
	require.NoError(t, err)
	require.Empty(t, contents(t, store, outPath))
}

// TestFragmentChanges: a staged fragment that is not what its receipt says never gets into an output.
func TestFragmentChanges(t *testing.T) {
	t.Parallel()
	for _, out := range []dataset.Media{csvMedia, parquetMedia} {
		store := seeded(t, map[string][]byte{"a.csv": california(t, 2000)})
		j := job{media: csvMedia, out: out, unitBytes: 16 << 10}
		p, digest, err := j.plan(t.Context(), store, 3)
		require.NoError(t, err)
		for i := range p.Shards {
			require.NoError(t, j.shard(t.Context(), store, p, digest, i))
		}
		put(t, store, sharding.FragmentURI(root, 1, "rows"), []byte("something else that has been put there"))
		_, err = j.commit(t.Context(), store)
		require.ErrorIs(t, err, storage.ErrPrecondition, out.Format)
		m, err := sharding.ReadManifest(t.Context(), store, sharding.ManifestURI(root))
		require.NoError(t, err)
		require.Nil(t, m)
	}
}

// TestNothingToRead: inputs without rows still have an output where the format allows an empty file.
func TestNothingToRead(t *testing.T) {
	t.Parallel()
	store := memory.New(bucket)
	put(t, store, storage.URI{Bucket: bucket, Key: "in/empty.csv"}, nil)
	header, _, _ := bytes.Cut(california(t, 1), []byte("\n"))
	put(t, store, storage.URI{Bucket: bucket, Key: "in/header.csv"}, append(header, '\n'))
	j := job{media: csvMedia, out: dataset.Media{Format: dataset.CSV}}
	require.NoError(t, j.run(t.Context(), store, 3))
	got := contents(t, store, outPath)
	require.Equal(t, "", got["out/empty.csv.out"])
	require.Equal(t, "", got["out/header.csv.out"])
	report, err := sharding.Verify(t.Context(), store, sharding.ManifestURI(root), nil)
	require.NoError(t, err)
	require.Empty(t, report.Problems)
}
