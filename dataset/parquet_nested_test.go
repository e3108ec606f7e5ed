package dataset

import (
	"bytes"
	"errors"
	"strconv"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/apache/arrow/go/v15/parquet"
	"github.com/stretchr/testify/require"
)

func TestParquetVectorsRoundTrip(t *testing.T) {
	t.Parallel()
	values := []float32{1, 2, 3, 4, 5, 6}
	b := NewBatch(NewSchema(true, Field{Name: "v", Type: Float32ListType(3)}), []Column{NewFloat32List(values, 3)}, 2)
	got := readAll(t, newObject("v", write(t, b.Schema(), WriteOptions{Media: parquetMedia}, b)), ReadOptions{Media: parquetMedia})
	require.Equal(t, "[[1 2 3] [4 5 6]]", got.Column(0).String())
	require.Equal(t, "1,2,3\n4,5,6\n", string(write(t, b.Schema(), WriteOptions{Media: Media{Format: CSV}}, b)))
	require.Equal(t, "v_0,v_1,v_2\n1,2,3\n4,5,6\n", string(write(t, b.Schema(), WriteOptions{Media: Media{Format: CSV, Header: true}}, b)))
}

// A vector may be missing; the bytes still do not depend on the batches.
func TestMissingVectors(t *testing.T) {
	t.Parallel()
	v := array.NewFixedSizeListBuilder(memory.DefaultAllocator, 2, Float32Type)
	for i := range 9 {
		if i%3 == 1 {
			v.AppendNull() // which adds values to skip
			continue
		}
		v.Append(true)
		v.ValueBuilder().(*array.Float32Builder).AppendValues([]float32{float32(i), 0.5}, nil)
	}
	col := v.NewArray()
	b := NewBatch(NewSchema(true, NullField("v", col.DataType())), []Column{col}, 9)
	data := write(t, b.Schema(), WriteOptions{Media: parquetMedia, RowGroupRows: 4}, b)
	require.Equal(t, data, write(t, b.Schema(), WriteOptions{Media: parquetMedia, RowGroupRows: 4}, slicesOf(b, 1)...))
	got := readAll(t, newObject("v", data), ReadOptions{Media: parquetMedia})
	require.Equal(t, "[[0 0.5] (null) [2 0.5] [3 0.5] (null) [5 0.5] [6 0.5] (null) [8 0.5]]", got.Column(0).String())
}

// nestedBatch has a list column and a struct column.
func nestedBatch(rows int) Batch {
	list := array.NewListBuilder(memory.DefaultAllocator, Float64Type)
	nested := array.NewStructBuilder(memory.DefaultAllocator, arrow.StructOf(NullField("x", Int64Type), NullField("y", StringType)))
	for i := range rows {
		list.Append(true)
		list.ValueBuilder().(*array.Float64Builder).AppendValues([]float64{1, float64(i)}, nil)
		nested.Append(true)
		nested.FieldBuilder(0).(*array.Int64Builder).Append(int64(i))
		nested.FieldBuilder(1).(*array.StringBuilder).Append(strconv.Itoa(i % 3))
	}
	cols := []Column{list.NewArray(), nested.NewArray()}
	return NewBatch(NewSchema(true, NullField("l", cols[0].DataType()), NullField("s", cols[1].DataType())), cols, rows)
}

func TestNestedRoundTrip(t *testing.T) {
	t.Parallel()
	b := nestedBatch(500)
	data := write(t, b.Schema(), WriteOptions{Media: parquetMedia, RowGroupRows: 200}, b)
	got := readAll(t, newObject("n", data), ReadOptions{Media: parquetMedia, BatchRows: 33})
	for c := range b.Columns() {
		require.Equal(t, b.Column(c).String(), got.Column(c).String())
	}
}

// damaged flips bits one byte at a time and reads what is left.
func damaged(t *testing.T, data []byte, step int) {
	t.Helper()
	for i := 0; i < len(data); i += step {
		for _, flip := range []byte{0x01, 0x80, 0xff} {
			bad := bytes.Clone(data)
			bad[i] ^= flip
			_, err := tryReadAll(newObject("bad", bad), ReadOptions{Media: parquetMedia})
			var se *SchemaError
			var re *RecordError
			require.True(t, err == nil || errors.As(err, &se) || errors.As(err, &re), "byte %d: %v", i, err)
		}
	}
}

// Structs are read in goroutines of the library, where a panic would end the process.
func TestDamagedNestedParquet(t *testing.T) {
	t.Parallel()
	for _, version := range []parquet.DataPageVersion{parquet.DataPageV1, parquet.DataPageV2} {
		damaged(t, foreignParquet(t, nestedBatch(20), parquet.WithDictionaryDefault(false), parquet.WithDataPageVersion(version)), 37)
	}
}

// Damage inside the file is an error or goes unnoticed (the format has no checksums here), but never a panic.
func TestDamagedParquet(t *testing.T) {
	t.Parallel()
	b := mixedBatch(t, 60)
	damaged(t, write(t, b.Schema(), WriteOptions{Media: parquetMedia, RowGroupRows: 50}, b), 41)
}
