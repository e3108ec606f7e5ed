package dataset

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/csv"
	"errors"
	"io"
	"strconv"
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
			require.Equal(t, want[0], ColumnNames(schema))
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
		same := ok && s == rec[k]
		if rec[k] == "" {
			same = !ok
		} else if f, is := col.(*array.Float64); is {
			v, err := strconv.ParseFloat(rec[k], 64)
			same = err == nil && v == f.Value(i)
		}
		if !same {
			t.Fatalf("row %d, column %d: %q, want %q", i, k, s, rec[k])
		}
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

// brokenObject fails, or silently ends, in mid-body.
type brokenObject struct {
	*bytesObject
	after int64
	err   error
}

func (o *brokenObject) Open(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
	r, err := o.bytesObject.Open(ctx, offset, length)
	if err != nil {
		return nil, err
	}
	rest := io.Reader(eofReader{})
	if o.err != nil {
		rest = errReader{o.err}
	}
	return io.NopCloser(io.MultiReader(io.LimitReader(r, o.after), rest)), nil
}

type errReader struct{ err error }

func (e errReader) Read([]byte) (int, error) { return 0, e.err }

// An error of the store comes through as it is and is no complaint about the data; a short body never passes for a short file.
func TestStoreErrorsComeThrough(t *testing.T) {
	t.Parallel()
	b := mixedBatch(t, 20000)
	lost := errors.New("connection lost")
	for _, s := range []string{"application/x-parquet", "text/csv", "text/csv;compression=gzip", "text/csv;compression=zstd", "application/jsonlines", "application/vnd.apache.arrow.stream"} {
		m := mustMedia(t, s)
		data := write(t, b.Schema(), WriteOptions{Media: m}, b)
		for _, want := range []error{lost, nil} {
			for _, after := range []int64{0, 100, int64(len(data)) - 10} {
				o := &brokenObject{newObject("o", data), after, want}
				_, err := tryReadAll(o, ReadOptions{Media: m, Schema: b.Schema()})
				var se *SchemaError
				var re *RecordError
				require.Error(t, err, s)
				require.False(t, errors.As(err, &se) || errors.As(err, &re), "%s after %d: %v", s, after, err)
				if want == nil {
					want = io.ErrUnexpectedEOF
					if after == 0 {
						want = nil
						continue
					}
				}
				require.ErrorIs(t, err, want, s)
			}
		}
	}
}

// Ending the context ends a reading at once.
func TestCancel(t *testing.T) {
	t.Parallel()
	b := mixedBatch(t, 1000)
	for _, s := range []string{"application/x-parquet", "text/csv"} {
		m := mustMedia(t, s)
		ctx, cancel := context.WithCancel(context.Background())
		o := newObject("o", write(t, b.Schema(), WriteOptions{Media: m, RowGroupRows: 100}, b))
		r, err := NewReader(ctx, o, ReadOptions{Media: m, Schema: b.Schema(), BatchRows: 10})
		require.NoError(t, err)
		_, err = r.Next()
		require.NoError(t, err)
		cancel()
		require.NoError(t, r.Close())
		_, err = r.Next()
		require.Error(t, err)
	}
}
