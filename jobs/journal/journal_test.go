package journal_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/jobs/journal"
)

// TestValuesMerge: shards' distributions, in any order, come to that of all values at once, and its bins hold the values that lie in them.
func TestValuesMerge(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	all := []float32{0, float32(math.Copysign(0, -1)), float32(math.Inf(1)), float32(math.NaN())}
	for range 20000 {
		all = append(all, float32(rng.NormFloat64()*math.Pow(10, 6*rng.Float64()-3)))
	}
	whole := journal.NewCounter("p")
	whole.Add(all)
	want := whole.Values(512)
	require.EqualValues(t, 2, want.Missing)
	require.EqualValues(t, len(all)-2, want.Count)
	require.LessOrEqual(t, len(want.Keys), 512)
	for i := range want.Keys {
		low, high := want.Bin(i)
		var inside int64
		for _, f := range all {
			v := float64(f)
			if low >= 0 && v >= low && (v < high || v == want.Max && high == v) || low < 0 && (v > low || v == want.Min && low == v) && v <= high && v != 0 {
				inside++
			}
		}
		require.Equal(t, want.Counts[i], inside, "bin [%v, %v)", low, high)
	}
	for seed := range uint64(3) {
		fold := journal.NewFold(20)
		parts := slices.Collect(slices.Chunk(all, 1001))
		rand.New(rand.NewPCG(seed, 0)).Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
		for _, part := range parts {
			c := journal.NewCounter("p")
			c.Add(part)
			fold.Add(journal.Shard{Values: []journal.Values{c.Values(512)}})
		}
		got := fold.Journal().Values[0]
		require.InEpsilon(t, want.Sum, got.Sum, 1e-9)
		got.Sum = want.Sum
		require.Equal(t, want, got)
	}
}

// TestFoldIsBounded: the record of very many shards is no larger than that of some, and still adds up.
func TestFoldIsBounded(t *testing.T) {
	t.Parallel()
	const shards = 100_000
	fold, began := journal.NewFold(shards), time.Unix(1_800_000_000, 0)
	var rejects journal.Rejects
	for range 3 {
		rejects.Add("a", `"x" is no number`, "line 1")
	}
	rejects.Add("a", `"y\"z" is no number`, "line 2")
	require.Len(t, rejects, 1)
	for i := range shards {
		at := began.Add(time.Duration(i) * 30 * time.Millisecond)
		took := time.Second + time.Duration(i%977)*time.Millisecond
		fold.Add(journal.Shard{Shard: i, Objects: 1, Worker: "w", Attempt: 1, Began: at, Ended: at.Add(took), Rows: 1000, Rejected: 4, Rejects: slices.Clone(rejects)})
	}
	j := fold.Journal()
	data, err := json.Marshal(j)
	require.NoError(t, err)
	require.Less(t, len(data), 400_000)
	require.EqualValues(t, shards*1000, j.Rows)
	require.EqualValues(t, shards*4, j.Rejects[0].Count)
	require.Len(t, j.Slowest, journal.KeptShards)
	require.Equal(t, 1976*time.Millisecond, j.Slowest[0].Took())
	rows, busy := 0.0, 0.0
	for _, b := range j.Buckets {
		rows, busy = rows+b.Rows, busy+b.Busy*j.Width.Seconds()
	}
	require.InEpsilon(t, float64(j.Rows), rows, 1e-6)
	require.InEpsilon(t, j.Workers[0].Busy.Seconds(), busy, 1e-6)
}
