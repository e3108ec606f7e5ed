package dataset

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/apache/arrow/go/v15/parquet"
	"github.com/apache/arrow/go/v15/parquet/compress"
	"github.com/apache/arrow/go/v15/parquet/pqarrow"
	format "github.com/xitongsys/parquet-go/parquet"
)

// createdBy is fixed, so that equal rows give equal bytes with every release.
const createdBy = "batchmill version 1.0.0"

var codecs = map[string]compress.Compression{
	"": compress.Codecs.Snappy, "snappy": compress.Codecs.Snappy, "zstd": compress.Codecs.Zstd,
	"gzip": compress.Codecs.Gzip, "none": compress.Codecs.Uncompressed, "uncompressed": compress.Codecs.Uncompressed,
}

// parquetWriter collects rows until a row group is full and encodes it in memory in one piece, because the library's page bounds
// depend on how rows arrive, and so the bytes would. Of what the library wrote it takes the pages and leaves the copies of
// column metadata between them, which hold absolute offsets: so a row group's bytes are the same wherever they stand. The
// library never sees the sink, which its Close would make look complete after a failure.
type parquetWriter struct {
	w       io.Writer
	schema  *Schema
	stored  *Schema // schema with vectors as lists
	props   *parquet.WriterProperties
	layout  *parquetLayout
	groups  int64 // rows of a row group
	pending []Batch
	rows    int64 // in pending
	buf     blocks
	started bool // the magic word is written
	err     error
}

func newParquetWriter(w io.Writer, schema *Schema, o WriteOptions) (*parquetWriter, error) {
	codec, ok := codecs[strings.ToLower(o.Compression)]
	if !ok {
		return nil, &MediaError{ContentType: string(Parquet), Parameter: "compression", Reason: fmt.Sprintf("%q is not known; known are snappy, zstd, gzip, none", o.Compression)}
	}
	if o.RowGroupRows <= 0 {
		o.RowGroupRows = DefaultRowGroupRows
	}
	p := &parquetWriter{w: w, schema: schema, stored: storedSchema(schema), groups: int64(o.RowGroupRows)}
	// Dictionaries are for text alone: numbers seldom repeat, and trying costs half the speed.
	props := []parquet.WriterProperty{parquet.WithCreatedBy(createdBy), parquet.WithCompression(codec), parquet.WithVersion(parquet.V2_LATEST),
		parquet.WithMaxRowGroupLength(int64(o.RowGroupRows)), parquet.WithDictionaryDefault(false)}
	for _, f := range schema.Fields() {
		if Text(f.Type) {
			props = append(props, parquet.WithDictionaryPath(parquet.ColumnPath{f.Name}, true))
		}
	}
	p.props = parquet.NewWriterProperties(props...)
	empty, err := p.encode(nil)
	if err != nil {
		return nil, &SchemaError{Reason: fmt.Sprintf("cannot be written as Parquet: %v", err)}
	}
	p.layout = newParquetLayout(empty)
	return p, nil
}

func (p *parquetWriter) Write(b Batch) error {
	if p.err != nil {
		return p.err
	}
	if p.err = checkColumns(p.schema, b.Schema()); p.err != nil {
		return p.err
	}
	for from := int64(0); from < b.NumRows(); {
		n := min(b.NumRows()-from, p.groups-p.rows)
		p.pending = append(p.pending, b.NewSlice(from, from+n))
		p.rows += n
		from += n
		if p.rows == p.groups {
			if p.err = p.flush(); p.err != nil {
				return p.err
			}
		}
	}
	return nil
}

// CutRowGroup ends the current row group, if it has rows: the next row begins another. So row groups can be made to depend on
// something else than the number of rows, such as where an input was cut.
func (p *parquetWriter) CutRowGroup() error {
	if p.err == nil && p.rows > 0 {
		p.err = p.flush()
	}
	return p.err
}

// flush writes the collected rows as one row group.
func (p *parquetWriter) flush() error {
	meta, err := p.encode(p.pending)
	if err != nil {
		return fmt.Errorf("dataset: parquet: %w", err)
	}
	for _, b := range p.pending {
		b.Release()
	}
	p.pending, p.rows = nil, 0
	for _, rg := range meta.RowGroups {
		if err := p.place(rg); err != nil {
			return err
		}
	}
	return nil
}

// place writes an encoded row group's pages and notes where they stand.
func (p *parquetWriter) place(rg *format.RowGroup) error {
	if err := p.start(); err != nil {
		return err
	}
	first := p.layout.offset
	for _, c := range rg.Columns {
		from := chunkStart(c)
		if err := p.buf.each(from, c.MetaData.TotalCompressedSize, p.put); err != nil {
			return err
		}
		moveChunk(c, p.layout.offset-from)
		c.FileOffset = 0 // no metadata outside the footer
		p.layout.offset += c.MetaData.TotalCompressedSize
	}
	rg.FileOffset = &first
	p.layout.addRowGroup(rg)
	return nil
}

func (p *parquetWriter) start() error {
	if p.started {
		return nil
	}
	p.started = true
	return p.put(parquetMagic)
}

func (p *parquetWriter) put(b []byte) error {
	n, err := p.w.Write(b)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	return err
}

// encode makes a Parquet file of the batches in p.buf, with one row group or, without batches, none, and returns its footer.
func (p *parquetWriter) encode(batches []Batch) (meta *format.FileMetaData, err error) {
	defer recoverAs(&err)
	p.buf.reset()
	w, err := pqarrow.NewFileWriter(p.stored, &p.buf, p.props, pqarrow.DefaultWriterProps())
	if err != nil {
		return nil, err
	}
	if batches != nil {
		w.NewRowGroup()
		for c := range p.schema.Fields() {
			if err := writeColumn(w, batches, c); err != nil {
				return nil, err
			}
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	raw, _, err := rawFooter(context.Background(), &p.buf, footerGuess)
	if err != nil {
		return nil, err
	}
	return decodeFooter(raw)
}

func writeColumn(w *pqarrow.FileWriter, batches []Batch, c int) error {
	col := batches[0].Column(c)
	if len(batches) > 1 || col.Data().Offset() != 0 {
		parts := make([]arrow.Array, len(batches))
		for i, b := range batches {
			parts[i] = b.Column(c)
		}
		var err error
		if col, err = array.Concatenate(parts, memory.DefaultAllocator); err != nil {
			return err
		}
	}
	if v, ok := col.(*array.FixedSizeList); ok {
		var err error
		if col, err = listOfVectors(v); err != nil {
			return err
		}
	}
	return w.WriteColumnData(col)
}

// storedSchema has lists for vectors: Parquet has no lists of fixed size.
func storedSchema(schema *Schema) *Schema {
	fields := make([]Field, schema.NumFields())
	for i, f := range schema.Fields() {
		if l, ok := f.Type.(*arrow.FixedSizeListType); ok {
			f.Type = arrow.ListOfField(arrow.Field{Name: "element", Type: l.Elem(), Nullable: l.ElemField().Nullable})
		}
		fields[i] = f
	}
	return withFields(schema, fields)
}

// listOfVectors turns vectors without offset into lists, a missing one into an empty missing list as the library wants it.
func listOfVectors(v *array.FixedSizeList) (Column, error) {
	width := int(v.DataType().(*arrow.FixedSizeListType).Len())
	offsets := make([]int32, v.Len()+1)
	values := v.ListValues()
	var present []arrow.Array
	for i := range v.Len() {
		offsets[i+1] = offsets[i] + int32(width)
		if v.IsNull(i) {
			offsets[i+1] = offsets[i]
		} else if v.NullN() > 0 {
			present = append(present, array.NewSlice(values, int64(i*width), int64((i+1)*width)))
		}
	}
	if v.NullN() > 0 {
		values = array.NewSlice(values, 0, 0)
		if len(present) > 0 {
			var err error
			if values, err = array.Concatenate(present, memory.DefaultAllocator); err != nil {
				return nil, err
			}
		}
	}
	elem := v.DataType().(*arrow.FixedSizeListType).ElemField()
	t := arrow.ListOfField(arrow.Field{Name: "element", Type: elem.Type, Nullable: elem.Nullable})
	d := array.NewData(t, v.Len(), []*memory.Buffer{v.Data().Buffers()[0], bytesBuffer(offsets)}, []arrow.ArrayData{values.Data()}, v.NullN(), 0)
	return array.NewListData(d), nil
}

func (p *parquetWriter) Close() error {
	if p.err != nil {
		if errors.Is(p.err, errWriterClosed) {
			return nil
		}
		return p.err
	}
	p.err = p.finish()
	if p.err != nil {
		return p.err
	}
	p.err = errWriterClosed
	return nil
}

func (p *parquetWriter) finish() error {
	if p.rows > 0 {
		if err := p.flush(); err != nil {
			return err
		}
	}
	if err := p.start(); err != nil {
		return err
	}
	tail, err := p.layout.end()
	if err != nil {
		return err
	}
	return p.put(tail)
}
