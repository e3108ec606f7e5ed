package dataset

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"sync/atomic"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/decimal128"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/apache/arrow/go/v15/parquet"
	"github.com/apache/arrow/go/v15/parquet/pqarrow"
	"github.com/stretchr/testify/require"
	"github.com/xitongsys/parquet-go/reader"
	"github.com/xitongsys/parquet-go/source"
)

var parquetMedia = Media{Format: Parquet}

// mixedBatch is a table with every common type, some values missing, and repeating and unique texts.
func mixedBatch(t testing.TB, rows int) Batch {
	t.Helper()
	schema := NewSchema(true,
		NullField("f32", Float32Type), NullField("f64", Float64Type), NullField("i64", Int64Type), NullField("i32", Int32Type),
		NullField("flag", BoolType), NullField("word", StringType), NullField("id", StringType),
		Field{Name: "must", Type: Float32Type}, NullField("at", TimestampType), NullField("blob", BinaryType))
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	for i := 0; i < rows; i++ {
		for c, f := range b.Fields() {
			if c != 7 && (i+c)%7 == 0 {
				f.AppendNull()
				continue
			}
			switch f := f.(type) {
			case *array.Float32Builder:
				f.Append(float32(i)/3 - 5)
			case *array.Float64Builder:
				f.Append(math.Sqrt(float64(i)))
			case *array.Int64Builder:
				f.Append(int64(i)*1e12 - 7)
			case *array.Int32Builder:
				f.Append(int32(-i))
			case *array.BooleanBuilder:
				f.Append(i%3 == 0)
			case *array.StringBuilder:
				if c == 5 {
					f.Append([]string{"red", "green", "blå", ""}[i%4])
				} else {
					f.Append(fmt.Sprintf("id-%d", i))
				}
			case *array.TimestampBuilder:
				f.Append(arrow.Timestamp(1.7e15 + float64(i)*1e6))
			case *array.BinaryBuilder:
				f.Append([]byte{byte(i), 0, 255})
			}
		}
	}
	return b.NewRecord()
}

func slicesOf(b Batch, n int64) []Batch {
	var out []Batch
	for from := int64(0); from < b.NumRows(); from += n {
		out = append(out, b.NewSlice(from, min(b.NumRows(), from+n)))
	}
	return out
}

func TestParquetWriterBytesDoNotDependOnBatches(t *testing.T) {
	t.Parallel()
	b := mixedBatch(t, 5000)
	o := WriteOptions{Media: parquetMedia, RowGroupRows: 1777}
	want := write(t, b.Schema(), o, b)
	for _, n := range []int64{13, 1024, 1777, 4999} {
		require.True(t, bytes.Equal(want, write(t, b.Schema(), o, slicesOf(b, n)...)), "batches of %d rows", n)
	}
}

func TestParquetReadBack(t *testing.T) {
	t.Parallel()
	b := mixedBatch(t, 3000)
	for _, codec := range []string{"snappy", "zstd", "gzip", "none"} {
		for _, rows := range []int{77, 8192} {
			data := write(t, b.Schema(), WriteOptions{Media: parquetMedia, RowGroupRows: 1000, Compression: codec}, b)
			got := readAll(t, newObject("p", data), ReadOptions{Media: parquetMedia, Schema: b.Schema(), BatchRows: rows})
			require.True(t, array.RecordEqual(b, got), "%s, batches of %d rows", codec, rows)
		}
	}
}

// parquetBytes is a file for the other implementation.
type parquetBytes struct {
	*bytes.Reader
	data []byte
}

func (p *parquetBytes) Open(string) (source.ParquetFile, error) {
	return &parquetBytes{bytes.NewReader(p.data), p.data}, nil
}
func (p *parquetBytes) Create(string) (source.ParquetFile, error) { return nil, errors.ErrUnsupported }
func (p *parquetBytes) Write([]byte) (int, error)                 { return 0, errors.ErrUnsupported }
func (p *parquetBytes) Close() error                              { return nil }

// readXitongsys reads a column with the other implementation; nil stands for a missing value.
func readXitongsys(t testing.TB, data []byte, column int64, rows int64) []any {
	t.Helper()
	pr, err := reader.NewParquetColumnReader(&parquetBytes{Reader: bytes.NewReader(data), data: data}, 1)
	require.NoError(t, err)
	defer pr.ReadStop()
	require.Equal(t, rows, pr.GetNumRows())
	values, _, _, err := pr.ReadColumnByIndex(column, rows)
	require.NoError(t, err)
	require.Len(t, values, int(rows))
	return values
}

func TestParquetReadsWithAnotherImplementation(t *testing.T) {
	t.Parallel()
	b := mixedBatch(t, 3000)
	for _, codec := range []string{"snappy", "zstd", "gzip", "none"} {
		t.Run(codec, func(t *testing.T) {
			t.Parallel()
			data := write(t, b.Schema(), WriteOptions{Media: parquetMedia, RowGroupRows: 1100, Compression: codec}, b)
			sameByXitongsys(t, b, data)
		})
	}
}

func sameByXitongsys(t testing.TB, b Batch, data []byte) {
	t.Helper()
	for c := range b.Columns() {
		values := readXitongsys(t, data, int64(c), b.NumRows())
		for i, v := range values {
			if b.Column(c).IsNull(i) {
				require.Nil(t, v, "column %d row %d", c, i)
				continue
			}
			var want any
			switch a := b.Column(c).(type) {
			case *array.Float32:
				want = a.Value(i)
			case *array.Float64:
				want = a.Value(i)
			case *array.Int64:
				want = a.Value(i)
			case *array.Int32:
				want = a.Value(i)
			case *array.Boolean:
				want = a.Value(i)
			case *array.String:
				want = a.Value(i)
			case *array.Binary:
				want = string(a.Value(i))
			case *array.Timestamp:
				want = int64(a.Value(i))
			}
			require.Equal(t, want, v, "column %d row %d", c, i)
		}
	}
}

// pieceBytes puts an assembled file together.
func pieceBytes(t testing.TB, pieces []Piece, fragments []Object) []byte {
	t.Helper()
	var out []byte
	for _, p := range pieces {
		if p.Bytes != nil {
			out = append(out, p.Bytes...)
			continue
		}
		data, err := readRange(context.Background(), fragments[p.Fragment], p.Offset, p.Length)
		require.NoError(t, err)
		out = append(out, data...)
	}
	return out
}

func TestAssembleParquet(t *testing.T) {
	t.Parallel()
	const group = 200
	b := mixedBatch(t, 17*group)
	o := WriteOptions{Media: parquetMedia, RowGroupRows: group}
	want := write(t, b.Schema(), o, b)
	for _, n := range []int{1, 3, 17} {
		var fragments []Object
		for i := 0; i < n; i++ {
			from, to := 17*i/n*group, 17*(i+1)/n*group
			fragments = append(fragments, newObject(fmt.Sprint(i), write(t, b.Schema(), o, b.NewSlice(int64(from), int64(to)))))
			fragments = append(fragments, newObject("empty", write(t, b.Schema(), o)))
		}
		pieces, err := AssembleParquet(context.Background(), fragments)
		require.NoError(t, err)
		got := pieceBytes(t, pieces, fragments)
		require.True(t, bytes.Equal(want, got), "%d fragments", n)
	}
	require.True(t, array.RecordEqual(b, readAll(t, newObject("p", want), ReadOptions{Media: parquetMedia, Schema: b.Schema()})))
	sameByXitongsys(t, b, want)

	other := newObject("other", write(t, NewSchema(true, NullField("x", Int64Type)), o))
	_, err := AssembleParquet(context.Background(), []Object{newObject("first", want), other})
	var se *SchemaError
	require.ErrorAs(t, err, &se)
	require.Equal(t, []string{"other", "first"}, []string{se.Object, se.Other})
}

// Fragments are asked for their footers at once: a round trip for each, one after the other, would be most of the commit of a large object.
func TestAssembleAsksAtOnce(t *testing.T) {
	t.Parallel()
	b := mixedBatch(t, 10)
	data := write(t, b.Schema(), WriteOptions{Media: parquetMedia}, b)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second) // if they wait for each other
	defer cancel()
	together := &meeting{all: make(chan struct{})}
	together.left.Store(footersAtOnce)
	var fragments []Object
	for i := range 2*footersAtOnce + 1 {
		fragments = append(fragments, meetingObject{newObject(fmt.Sprint(i), data), together})
	}
	pieces, err := AssembleParquet(ctx, fragments)
	require.NoError(t, err)
	require.Len(t, pieces, 1+len(fragments)+1)
}

// meeting is over when so many are there.
type meeting struct {
	left atomic.Int64
	all  chan struct{}
}

// meetingObject is an object that can be read once enough others are asked for.
type meetingObject struct {
	Object
	*meeting
}

func (o meetingObject) Open(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
	if o.left.Add(-1) == 0 {
		close(o.all)
	}
	select {
	case <-o.all:
		return o.Object.Open(ctx, offset, length)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Files of another writer, which keeps column metadata between its chunks, are assembled as well.
func TestAssembleForeignParquet(t *testing.T) {
	t.Parallel()
	b := mixedBatch(t, 500)
	var fragments []Object
	for _, part := range slicesOf(b, 200) {
		fragments = append(fragments, newObject("f", foreignParquet(t, part, parquet.WithDictionaryDefault(true))))
	}
	pieces, err := AssembleParquet(context.Background(), fragments)
	require.NoError(t, err)
	data := pieceBytes(t, pieces, fragments)
	require.True(t, array.RecordEqual(b, readAll(t, newObject("p", data), ReadOptions{Media: parquetMedia, Schema: b.Schema()})))
	sameByXitongsys(t, b, data)
}

// foreignParquet writes with the library alone, storing Arrow's schema as pyarrow does.
func foreignParquet(t testing.TB, b Batch, props ...parquet.WriterProperty) []byte {
	t.Helper()
	var buf bytes.Buffer
	w, err := pqarrow.NewFileWriter(b.Schema(), &buf, parquet.NewWriterProperties(props...), pqarrow.NewArrowWriterProperties(pqarrow.WithStoreSchema()))
	require.NoError(t, err)
	require.NoError(t, w.Write(b))
	require.NoError(t, w.Close())
	return buf.Bytes()
}

func TestParquetTypes(t *testing.T) {
	t.Parallel()
	mem := memory.DefaultAllocator
	dec := array.NewDecimal128Builder(mem, &arrow.Decimal128Type{Precision: 10, Scale: 2})
	dec.Append(decimal128.FromI64(-12345))
	dec.AppendNull()
	u8 := array.NewUint8Builder(mem)
	u8.AppendValues([]uint8{7, 255}, nil)
	u64 := array.NewUint64Builder(mem)
	u64.AppendValues([]uint64{1, math.MaxUint64}, nil)
	date := array.NewDate32Builder(mem)
	date.AppendValues([]arrow.Date32{0, 19000}, nil)
	ns := array.NewTimestampBuilder(mem, &arrow.TimestampType{Unit: arrow.Nanosecond, TimeZone: "UTC"})
	ns.AppendValues([]arrow.Timestamp{1, 1700000000123456789}, nil)
	dict := array.NewDictionaryBuilder(mem, &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String}).(*array.BinaryDictionaryBuilder)
	require.NoError(t, dict.AppendString("a"))
	dict.AppendNull()
	list := array.NewListBuilder(mem, arrow.PrimitiveTypes.Float64)
	list.Append(true)
	list.ValueBuilder().(*array.Float64Builder).AppendValues([]float64{1, 2}, nil)
	list.AppendNull()
	nested := array.NewStructBuilder(mem, arrow.StructOf(NullField("x", Int64Type), NullField("y", StringType)))
	nested.Append(true)
	nested.FieldBuilder(0).(*array.Int64Builder).Append(1)
	nested.FieldBuilder(1).(*array.StringBuilder).Append("s")
	nested.AppendNull()
	cols := []Column{dec.NewArray(), u8.NewArray(), u64.NewArray(), date.NewArray(), ns.NewArray(), dict.NewArray(), list.NewArray(), nested.NewArray()}
	var fields []Field
	for i, name := range []string{"dec", "u8", "u64", "date", "ns", "dict", "list", "nested"} {
		fields = append(fields, NullField(name, cols[i].DataType()))
	}
	b := NewBatch(NewSchema(true, fields...), cols, 2)
	obj := newObject("types", foreignParquet(t, b, parquet.WithVersion(parquet.V2_LATEST)))

	got := readAll(t, obj, ReadOptions{Media: parquetMedia})
	require.Equal(t, Float64Type, got.Schema().Field(0).Type)
	floats := make([]float32, 2)
	require.NoError(t, Floats(got.Column(0), floats))
	require.Equal(t, float32(-123.45), floats[0])
	require.True(t, math.IsNaN(float64(floats[1])))
	require.NoError(t, Floats(got.Column(1), floats))
	require.Equal(t, []float32{7, 255}, floats)
	require.NoError(t, Floats(got.Column(2), floats))
	require.Equal(t, []float32{1, math.MaxUint64}, floats)
	require.NoError(t, Floats(got.Column(3), floats))
	require.Equal(t, []float32{0, 19000}, floats)
	at, err := Strings(got.Column(4))
	require.NoError(t, err)
	s, _ := at(1)
	require.Equal(t, "2023-11-14T22:13:20.123456789Z", s)
	require.Equal(t, StringType, got.Schema().Field(5).Type)
	require.Equal(t, "[[1 2] (null)]", got.Column(6).String())
	require.Equal(t, "{[1 (null)] [\"s\" (null)]}", got.Column(7).String())

	// Nested columns pass through our writer, and can be projected away.
	again := newObject("again", write(t, got.Schema(), WriteOptions{Media: parquetMedia}, got))
	require.True(t, array.RecordEqual(got, readAll(t, again, ReadOptions{Media: parquetMedia})))
	few := readAll(t, again, ReadOptions{Media: parquetMedia, Columns: []string{"u8", "dec"}})
	require.Equal(t, []string{"u8", "dec"}, ColumnNames(few.Schema()))

	// A value that does not fit the wanted type is a bad record, which can be rejected.
	target := NewSchema(true, NullField("u64", Int64Type), NullField("u8", Float32Type))
	_, err = tryReadAll(again, ReadOptions{Media: parquetMedia, Schema: target})
	var re *RecordError
	require.ErrorAs(t, err, &re)
	require.Equal(t, []any{"again", 0, int64(2), "u64"}, []any{re.Object, re.RowGroup, re.Row, re.Column})
	var seen []*RecordError
	kept, err := tryReadAll(again, ReadOptions{Media: parquetMedia, Schema: target, OnReject: func(e *RecordError) error { seen = append(seen, e); return nil }})
	require.NoError(t, err)
	require.EqualValues(t, 1, kept.NumRows())
	require.Len(t, seen, 1)
}

// Every cut of a Parquet file is an error that names it, whole or by unit, and never a panic.
func TestTruncatedParquet(t *testing.T) {
	t.Parallel()
	b := mixedBatch(t, 300)
	data := write(t, b.Schema(), WriteOptions{Media: parquetMedia, RowGroupRows: 100}, b)
	for n := 0; n < len(data); n += 7 {
		_, err := tryReadAll(newObject("cut", data[:n]), ReadOptions{Media: parquetMedia})
		var se *SchemaError
		require.ErrorAs(t, err, &se, "cut at %d", n)
		require.Equal(t, "cut", se.Object)
		if n > 0 {
			_, err = Units(context.Background(), newObject("cut", data[:n]), parquetMedia, 0)
			require.ErrorAs(t, err, &se)
		}
	}
}

// A row group's columns come in one range read; a projection fetches less.
func TestParquetRequests(t *testing.T) {
	t.Parallel()
	b := mixedBatch(t, 60000)
	o := newObject("p", write(t, b.Schema(), WriteOptions{Media: parquetMedia, RowGroupRows: 20000}, b))
	require.Greater(t, o.Size(), int64(smallUnitObject))
	units, err := Units(context.Background(), o, parquetMedia, 0)
	require.NoError(t, err)
	require.Len(t, units, 3)
	require.EqualValues(t, 1, o.opens.Load())
	require.EqualValues(t, footerGuess, o.bytes.Load())
	for _, u := range units {
		before := o.opens.Load()
		got := readAll(t, o, ReadOptions{Media: parquetMedia, Unit: &u, Schema: b.Schema()})
		require.EqualValues(t, 2, o.opens.Load()-before)
		require.True(t, array.RecordEqual(b.NewSlice(u.FirstRow, u.FirstRow+u.Rows), got))
	}
	before := o.opens.Load()
	readAll(t, o, ReadOptions{Media: parquetMedia})
	require.EqualValues(t, 1, o.opens.Load()-before, "a small object is fetched whole")
	before = o.bytes.Load()
	readAll(t, o, ReadOptions{Media: parquetMedia, Columns: []string{"flag"}})
	require.Less(t, o.bytes.Load()-before, o.Size()/4)
}

type failingSink struct {
	buf   bytes.Buffer
	limit int
}

func (f *failingSink) Write(b []byte) (int, error) {
	if f.buf.Len()+len(b) > f.limit {
		return 0, io.ErrShortWrite
	}
	return f.buf.Write(b)
}

// After a failed Write, Close writes nothing.
func TestFailedWriterStaysFailed(t *testing.T) {
	t.Parallel()
	b := mixedBatch(t, 3000)
	for _, m := range []Media{parquetMedia, {Format: CSV}, {Format: JSONLines}, {Format: ArrowStream}, {Format: CSV, Compression: Gzip}} {
		sink := &failingSink{limit: 10}
		w, err := NewWriter(sink, b.Schema(), WriteOptions{Media: m, RowGroupRows: 100})
		require.NoError(t, err)
		werr := w.Write(b)
		if werr == nil {
			werr = w.Close() // buffered formats only notice at the end
		}
		require.ErrorIs(t, werr, io.ErrShortWrite, m.String())
		n := sink.buf.Len()
		sink.limit = 1 << 30
		require.Error(t, w.Close())
		require.Equal(t, n, sink.buf.Len(), m.String())
	}
}

// A row group too large to hold is streamed by column.
func TestParquetStreamsLargeRowGroups(t *testing.T) {
	t.Parallel()
	b := mixedBatch(t, 50000)
	o := newObject("p", write(t, b.Schema(), WriteOptions{Media: parquetMedia, RowGroupRows: 30000, Compression: "none"}, b))
	r, err := newParquetReader(context.Background(), o, ReadOptions{Media: parquetMedia, Schema: b.Schema(), Unit: &Unit{RowGroup: 1}, BatchRows: 999})
	require.NoError(t, err)
	r.bound = 1000
	var all []Batch
	for {
		batch, err := r.Next()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		all = append(all, batch)
	}
	require.NoError(t, r.Close())
	got, err := concatBatches(b.Schema(), all)
	require.NoError(t, err)
	require.True(t, array.RecordEqual(b.NewSlice(30000, 50000), got))
}
