package dataset

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/apache/arrow/go/v15/parquet"
	"github.com/apache/arrow/go/v15/parquet/compress"
	"github.com/apache/arrow/go/v15/parquet/file"
	"github.com/apache/arrow/go/v15/parquet/pqarrow"
	"github.com/stretchr/testify/require"
)

// numbersOf makes a column of each flat type for each way of missing: none, some, runs of many, all.
func numbersOf(rows int, few bool) Batch {
	r := rand.New(rand.NewPCG(3, uint64(rows)))
	var fields []Field
	var cols []Column
	for _, t := range []DataType{Float32Type, Float64Type, Int32Type, Int64Type} {
		for missing, skip := range []func(int) bool{
			nil, func(i int) bool { return false }, func(int) bool { return r.IntN(5) == 0 }, func(i int) bool { return i/300%2 == 0 }, func(int) bool { return true },
		} {
			b := array.NewBuilder(memory.DefaultAllocator, t)
			for i := range rows {
				v := r.NormFloat64() * math.MaxInt16
				if few {
					v = math.Round(v / 8192)
				}
				switch {
				case skip != nil && skip(i):
					b.AppendNull()
				case t == Float32Type:
					b.(*array.Float32Builder).Append(float32(v))
				case t == Float64Type:
					b.(*array.Float64Builder).Append(v)
				case t == Int32Type:
					b.(*array.Int32Builder).Append(int32(v))
				default:
					b.(*array.Int64Builder).Append(int64(v))
				}
			}
			fields = append(fields, Field{Name: fmt.Sprintf("%s-%d", t, missing), Type: t, Nullable: skip != nil})
			cols = append(cols, b.NewArray())
		}
	}
	return NewBatch(NewSchema(true, fields...), cols, rows)
}

// What the Arrow library wrote, in every encoding and layout that it has for numbers, is read as the library itself reads it.
func TestFlatColumnsAsTheLibraryReadsThem(t *testing.T) {
	t.Parallel()
	ways := map[string][]parquet.WriterProperty{
		"plain":            {parquet.WithDictionaryDefault(false)},
		"dictionary":       {parquet.WithDictionaryDefault(true)},
		"version 2":        {parquet.WithDictionaryDefault(false), parquet.WithDataPageVersion(parquet.DataPageV2), parquet.WithCompression(compress.Codecs.Snappy)},
		"both":             {parquet.WithDictionaryDefault(true), parquet.WithDataPageVersion(parquet.DataPageV2), parquet.WithCompression(compress.Codecs.Zstd)},
		"small pages":      {parquet.WithDictionaryDefault(true), parquet.WithDataPageSize(700), parquet.WithDictionaryPageSizeLimit(3000), parquet.WithBatchSize(100)},
		"small plain":      {parquet.WithDictionaryDefault(false), parquet.WithDataPageSize(700), parquet.WithBatchSize(64), parquet.WithCompression(compress.Codecs.Gzip)},
		"small version 2":  {parquet.WithDictionaryDefault(false), parquet.WithDataPageSize(700), parquet.WithBatchSize(64), parquet.WithDataPageVersion(parquet.DataPageV2)},
		"several groups":   {parquet.WithMaxRowGroupLength(700), parquet.WithCompression(compress.Codecs.Snappy)},
		"brotli, all rows": {parquet.WithCompression(compress.Codecs.Brotli)},
	}
	for name, props := range ways {
		for _, few := range []bool{false, true} {
			t.Run(fmt.Sprint(name, few), func(t *testing.T) {
				t.Parallel()
				b := numbersOf(3001, few)
				data := foreignParquet(t, b, props...)
				require.Equal(t, int(b.NumCols()), flatColumns(t, data))
				want := libraryReads(t, data)
				for _, rows := range []int{0, 97} {
					got := readAll(t, newObject("p", data), ReadOptions{Media: parquetMedia, Schema: b.Schema(), BatchRows: rows})
					sameColumns(t, want, got)
				}
				for way, l := range large {
					t.Log(way)
					sameColumns(t, want, readLarge(t, data, l))
				}
			})
		}
	}
}

func sameColumns(t *testing.T, want, got Batch) {
	t.Helper()
	for i, col := range got.Columns() {
		require.True(t, array.Equal(want.Column(i), col), "%s: %s", want.Schema().Field(i).Name, col)
	}
}

// limits are bounds of a reader: what is fetched in one piece, what is fetched at a time of more, what is held decoded.
type limits struct{ bound, most, held int64 }

// large are bounds under which a row group is too large to be read like others.
var large = map[string]limits{
	"decoded ahead, by windows":          {1, windowBytes, DefaultHold},
	"spilled, by windows":                {1, windowBytes, 1},
	"spilled, by windows of few columns": {1, 30000, 1},
	"spilled, fetched in one piece":      {inFlight, windowBytes, 1},
	"streamed":                           {1, 1, 1},
}

// readLarge reads a file within bounds.
func readLarge(t *testing.T, data []byte, l limits) Batch {
	t.Helper()
	r, err := newParquetReader(context.Background(), newObject("p", data), ReadOptions{Media: parquetMedia, BatchRows: 500})
	require.NoError(t, err)
	defer r.Close()
	r.bound, r.most, r.held = l.bound, l.most, l.held
	var all []Batch
	for {
		b, err := r.Next()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		all = append(all, b)
	}
	whole, err := concatBatches(r.Schema(), all)
	require.NoError(t, err)
	return whole
}

// flatColumns counts the columns of the first row group that are read without the library.
func flatColumns(t *testing.T, data []byte) (n int) {
	r, err := newParquetReader(context.Background(), newObject("p", data), ReadOptions{Media: parquetMedia, BatchRows: 10})
	require.NoError(t, err)
	defer r.Close()
	require.NoError(t, r.openGroup())
	for _, c := range r.columns {
		if _, flat := c.(*flatColumn); flat {
			n++
		}
	}
	return n
}

// libraryReads is a file as the Arrow library reads it.
func libraryReads(t *testing.T, data []byte) Batch {
	t.Helper()
	f, err := file.NewParquetReader(bytes.NewReader(data))
	require.NoError(t, err)
	r, err := pqarrow.NewFileReader(f, pqarrow.ArrowReadProperties{}, memory.DefaultAllocator)
	require.NoError(t, err)
	table, err := r.ReadTable(context.Background())
	require.NoError(t, err)
	cols := make([]Column, table.NumCols())
	for i := range cols {
		cols[i], err = oneChunk(table.Column(i).Data())
		require.NoError(t, err)
	}
	return NewBatch(table.Schema(), cols, int(table.NumRows()))
}

// Columns that are not flat are left to the library, also beside those that are.
func TestOtherColumnsAreNotFlat(t *testing.T) {
	t.Parallel()
	b := mixedBatch(t, 500)
	flat := 0
	for _, f := range b.Schema().Fields() {
		switch f.Type.ID() {
		case arrow.FLOAT32, arrow.FLOAT64, arrow.INT32, arrow.INT64:
			flat++
		}
	}
	require.Greater(t, b.NumCols(), int64(flat))
	require.Equal(t, flat, flatColumns(t, foreignParquet(t, b)))
}

// Whatever bytes a chunk holds, reading it ends without a panic, in an error or in rows.
func FuzzFlatColumn(f *testing.F) {
	for _, props := range [][]parquet.WriterProperty{
		{parquet.WithDictionaryDefault(false)}, {parquet.WithDictionaryDefault(true)},
		{parquet.WithDataPageVersion(parquet.DataPageV2), parquet.WithCompression(compress.Codecs.Snappy)},
	} {
		data := foreignParquet(f, numbersOf(40, true), props...)
		f.Add(data, 20, byte(1))
	}
	f.Fuzz(func(t *testing.T, data []byte, at int, flip byte) {
		if at >= 0 && at < len(data) {
			data = bytes.Clone(data)
			data[at] ^= flip
		}
		if b, err := tryReadAll(newObject("p", data), ReadOptions{Media: parquetMedia}); err == nil {
			b.Release()
		}
	})
}
