package dataset

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/csv"
	"io"
	"testing"

	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/stretchr/testify/require"
)

// plain returns an object's bytes without gzip.
func plain(t testing.TB, o *bytesObject) []byte {
	t.Helper()
	if sniffCompression(o.data) != Gzip {
		return o.data
	}
	z, err := gzip.NewReader(bytes.NewReader(o.data))
	require.NoError(t, err)
	data, err := io.ReadAll(z)
	require.NoError(t, err)
	return data
}

var realCSV = []struct {
	path []string
	cols int
}{
	{[]string{"california_housing", "california_train80.csv"}, 10},
	{[]string{"adult", "adult_train80.csv.gz"}, 16},
	{[]string{"covertype", "covertype_train80.csv.gz"}, 0},
	{[]string{"bank_marketing", "bank_additional_full.csv.gz"}, 21},
	{[]string{"wine_quality", "wine_quality.csv"}, 13},
}

// The reader sees the same fields as encoding/csv.
func TestRealCSVAgreesWithStandardLibrary(t *testing.T) {
	t.Parallel()
	for _, c := range realCSV {
		t.Run(c.path[0], func(t *testing.T) {
			t.Parallel()
			obj := fileObject(t, c.path...)
			want, err := csv.NewReader(bytes.NewReader(plain(t, obj))).ReadAll()
			require.NoError(t, err)
			m := mustMedia(t, "text/csv;header=present")
			schema, err := Infer(context.Background(), []Object{obj}, m)
			require.NoError(t, err)
			require.Equal(t, want[0], schemaNames(schema))
			b := readAll(t, obj, ReadOptions{Media: m, Schema: schema})
			require.EqualValues(t, len(want)-1, b.NumRows())
			numbers := 0
			for k := range want[0] {
				sameColumn(t, want[1:], k, b.Column(k))
				if Numeric(b.Column(k).DataType()) {
					numbers++
				}
			}
			require.NotZero(t, numbers)
		})
	}
}

func sameColumn(t *testing.T, want [][]string, k int, col Column) {
	at, err := Strings(col)
	require.NoError(t, err)
	for i, rec := range want {
		s, ok := at(i)
		if rec[k] == "" {
			require.False(t, ok)
			continue
		}
		if f, is := col.(*array.Float64); is {
			v, _ := parseFloat64([]byte(rec[k]))
			require.Equal(t, v, f.Value(i))
			continue
		}
		require.Equal(t, rec[k], s, "row %d", i)
	}
}

func TestParquetRoundTrip(t *testing.T) {
	t.Parallel()
	obj := fileObject(t, "california_housing", "california_train80.csv")
	b := readAll(t, obj, ReadOptions{Media: mustMedia(t, "text/csv;header=present")})
	for _, codec := range []string{"snappy", "zstd", "gzip", "none"} {
		data := write(t, b.Schema(), WriteOptions{Media: Media{Format: Parquet}, RowGroupRows: 5000, Compression: codec}, b)
		p := newObject("p", data)
		units, err := Units(context.Background(), p, Media{Format: Parquet}, 0)
		require.NoError(t, err)
		require.Len(t, units, 4)
		got := readAll(t, p, ReadOptions{Media: Media{Format: Parquet}})
		require.True(t, array.RecordEqual(b, got), codec)
	}
}
