package dataset

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// benchTable is rows of 28 float32 columns, like the HIGGS table.
func benchTable(rows int) Batch {
	const width = 28
	r := rand.New(rand.NewPCG(1, 2))
	var fields []Field
	var cols []Column
	for c := 0; c < width; c++ {
		v := make([]float32, rows)
		for i := range v {
			v[i] = float32(r.NormFloat64())
		}
		fields = append(fields, NullField(fmt.Sprintf("f%d", c), Float32Type))
		cols = append(cols, NewFloat32(v))
	}
	return NewBatch(NewSchema(true, fields...), cols, rows)
}

func drain(b *testing.B, obj Object, o ReadOptions) (rows int64) {
	r, err := NewReader(context.Background(), obj, o)
	require.NoError(b, err)
	defer r.Close()
	for {
		batch, err := r.Next()
		if err == io.EOF {
			return rows
		}
		require.NoError(b, err)
		rows += batch.NumRows()
		batch.Release()
	}
}

func benchWrite(b *testing.B, t Batch, o WriteOptions) []byte {
	b.Helper()
	var buf bytes.Buffer
	w, err := NewWriter(&buf, t.Schema(), o)
	require.NoError(b, err)
	require.NoError(b, w.Write(t))
	require.NoError(b, w.Close())
	return buf.Bytes()
}

func BenchmarkParquetRead(b *testing.B) {
	t := benchTable(500000)
	obj := newObject("p", benchWrite(b, t, WriteOptions{Media: parquetMedia}))
	for _, rows := range []int{1024, 4096, 8192, 32768, 131072} {
		b.Run(fmt.Sprintf("batch=%d", rows), func(b *testing.B) {
			b.SetBytes(obj.Size())
			b.ReportAllocs()
			for b.Loop() {
				require.EqualValues(b, t.NumRows(), drain(b, obj, ReadOptions{Media: parquetMedia, BatchRows: rows}))
			}
			b.ReportMetric(float64(t.NumRows())*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

func BenchmarkParquetWrite(b *testing.B) {
	t := benchTable(500000)
	for _, codec := range []string{"snappy", "zstd", "none"} {
		b.Run(codec, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				b.SetBytes(int64(len(benchWrite(b, t, WriteOptions{Media: parquetMedia, Compression: codec}))))
			}
			b.ReportMetric(float64(t.NumRows())*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

func BenchmarkCSV(b *testing.B) {
	t := benchTable(100000)
	data := benchWrite(b, t, WriteOptions{Media: Media{Format: CSV}})
	obj := newObject("c", data)
	m := Media{Format: CSV}
	rate := func(b *testing.B) {
		b.ReportMetric(float64(t.NumRows())*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	}
	for _, typ := range []DataType{Float32Type, Float64Type, StringType} {
		fields := make([]Field, t.NumCols())
		for i := range fields {
			fields[i] = NullField(positionName(i), typ)
		}
		b.Run("read="+typ.Name(), func(b *testing.B) {
			b.SetBytes(obj.Size())
			b.ReportAllocs()
			for b.Loop() {
				require.EqualValues(b, t.NumRows(), drain(b, obj, ReadOptions{Media: m, Schema: NewSchema(false, fields...)}))
			}
			rate(b)
		})
	}
	b.Run("infer", func(b *testing.B) {
		b.SetBytes(obj.Size())
		for b.Loop() {
			_, err := Infer(context.Background(), []Object{obj}, m)
			require.NoError(b, err)
		}
		rate(b)
	})
	b.Run("units", func(b *testing.B) {
		b.SetBytes(obj.Size())
		for b.Loop() {
			_, err := Units(context.Background(), obj, m, 1<<20)
			require.NoError(b, err)
		}
		rate(b)
	})
	b.Run("write", func(b *testing.B) {
		b.SetBytes(obj.Size())
		for b.Loop() {
			benchWrite(b, t, WriteOptions{Media: m})
		}
		rate(b)
	})
}
