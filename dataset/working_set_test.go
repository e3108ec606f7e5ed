package dataset

import (
	"bytes"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// inUse is the bytes of the process's memory that something refers to.
func inUse() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestWorkingSet: what a reader is seen to hold at any batch is no more than WorkingSet says, and not far less. It counts the process's
// memory, so it runs by itself.
func TestWorkingSet(t *testing.T) {
	const rows, columns = 60_000, 64
	const small = 1 << 20 // what nobody counts
	table := wideTable(rows, columns)
	parquet := written(t, table, WriteOptions{Media: parquetMedia, RowGroupRows: rows})
	text := strings.Repeat("1.25,-3.5,4096,0.001,77,1e-3,12.5,9\n", 300_000)
	for _, c := range []struct {
		name string
		data []byte
		opt  ReadOptions
		// How much of what is said is held at most and at least at some time.
		atMost, atLeast float64
	}{
		{"parquet", parquet, ReadOptions{Media: parquetMedia}, 1, 0.6},
		{"parquet, some columns", parquet, ReadOptions{Media: parquetMedia, Columns: []string{"c3", "c4", "c9"}}, 1, 0.5},
		{"parquet, spilled", parquet, ReadOptions{Media: parquetMedia, Hold: 1 << 20}, 1, 0.1},
		{"csv", []byte(text), ReadOptions{Media: mustMedia(t, "text/csv"), Unit: &Unit{Length: int64(len(text)), Rows: 300_000, FirstLine: 1}}, 1, 0.1},
		{"csv, rows not known", []byte(text), ReadOptions{Media: mustMedia(t, "text/csv")}, 1, 0},
		{"arrow stream", written(t, table, WriteOptions{Media: Media{Format: ArrowStream}}), ReadOptions{Media: Media{Format: ArrowStream}}, 1, 0},
	} {
		obj := newObject(c.name, c.data)
		if c.opt.Schema == nil && c.opt.Media.Format == CSV {
			schema, err := Infer(t.Context(), []Object{obj}, c.opt.Media)
			require.NoError(t, err)
			c.opt.Schema = schema
		}
		want, err := WorkingSet(t.Context(), obj, c.opt)
		require.NoError(t, err)
		before := inUse()
		r, err := NewReader(t.Context(), obj, c.opt)
		require.NoError(t, err)
		most := int64(0)
		for batches := 0; ; batches++ {
			b, err := r.Next()
			if err == io.EOF {
				break
			}
			require.NoError(t, err)
			if batches < 5 {
				most = max(most, inUse()-before)
			}
			b.Release()
		}
		require.NoError(t, r.Close())
		share := float64(most-small) / float64(want.Reading)
		t.Logf("%s: %d of %d bytes held, %.2f", c.name, most, want.Reading, share)
		require.LessOrEqual(t, share, c.atMost, c.name)
		require.GreaterOrEqual(t, share, c.atLeast, c.name)
	}
}

// wideTable has columns c0, c1, ... of floats that do not compress.
func wideTable(rows, columns int) Batch {
	fields, cols := make([]Field, columns), make([]Column, columns)
	for c := range cols {
		values := make([]float32, rows)
		for i := range values {
			values[i] = float32((i*2654435761+c*40503)%1000003) / 7
		}
		fields[c], cols[c] = Field{Name: "c" + itoa(c), Type: Float32Type}, NewFloat32(values)
	}
	return NewBatch(NewSchema(true, fields...), cols, rows)
}

func written(t *testing.T, b Batch, o WriteOptions) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := NewWriter(&out, b.Schema(), o)
	require.NoError(t, err)
	require.NoError(t, w.Write(b))
	require.NoError(t, w.Close())
	return out.Bytes()
}

// TestTableSize: what all rows take once they are decoded.
func TestTableSize(t *testing.T) {
	t.Parallel()
	const rows, columns = 5000, 7
	data := written(t, wideTable(rows, columns), WriteOptions{Media: parquetMedia, RowGroupRows: 1000})
	d, err := WorkingSet(t.Context(), newObject("p", data), ReadOptions{Media: parquetMedia})
	require.NoError(t, err)
	require.EqualValues(t, 4*rows*columns, d.Table)
	d, err = WorkingSet(t.Context(), newObject("p", data), ReadOptions{Media: parquetMedia, Unit: &Unit{RowGroup: 3}, Columns: []string{"c1", "c2"}})
	require.NoError(t, err)
	require.EqualValues(t, 4*1000*2, d.Table)
	require.Equal(t, d.Table, d.Held)
	d, err = WorkingSet(t.Context(), newObject("p", data), ReadOptions{Media: parquetMedia, Hold: 1})
	require.NoError(t, err)
	require.EqualValues(t, 4*rows*columns, d.Table)
	require.Zero(t, d.Held)
}
