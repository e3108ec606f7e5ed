package dataset

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/ipc"
)

// arrowReader reads Arrow IPC. The stream format is read as it comes; the file format, which is a stream between a magic
// word and a footer, is read through the footer's blocks from memory.
type arrowReader struct {
	obj    Object
	opts   ReadOptions
	stream *lineStream
	read   func() (Batch, error)
	schema *Schema // of the columns of the object
	spread *Schema // with those that lists are spread to
	fields []int
	rest   Batch // what is left of the last batch of the object
	row    int64
	err    error
}

// maxArrowFile bounds an Arrow file object, which is held in memory.
const maxArrowFile = 512 << 20

func newArrowReader(ctx context.Context, obj Object, o ReadOptions) (*arrowReader, error) {
	a := &arrowReader{obj: obj, opts: o}
	src, err := a.open(ctx)
	if err == nil {
		err = a.match(src)
	}
	if err != nil {
		_ = a.Close()
		return nil, err
	}
	return a, nil
}

func (a *arrowReader) open(ctx context.Context) (src *Schema, err error) {
	if a.opts.Media.Format == ArrowFile {
		return a.openFile(ctx)
	}
	if a.stream, err = openLines(ctx, a.obj, a.opts.Media, 0, 0); err != nil {
		return nil, err
	}
	var r *ipc.Reader
	if err := a.guard(func() (err error) {
		r, err = ipc.NewReaderFromMessageReader(&arrowMessages{r: a.stream}, ipc.WithAllocator(readMemory()))
		return err
	}); err != nil {
		return nil, err
	}
	a.read = func() (Batch, error) {
		b, err := r.Read()
		if err == nil {
			b.Retain()
		}
		return b, err
	}
	return r.Schema(), nil
}

func (a *arrowReader) openFile(ctx context.Context) (*Schema, error) {
	if a.obj.Size() > maxArrowFile {
		return nil, &SchemaError{Object: a.obj.Name(), Reason: fmt.Sprintf("is larger than %d MiB; write large tables as an Arrow stream or as Parquet", maxArrowFile>>20)}
	}
	data, err := readRange(ctx, a.obj, 0, a.obj.Size())
	if err != nil {
		return nil, err
	}
	var r *ipc.FileReader
	if err := a.guard(func() error { checkFooter(arrowFooter(data)); return nil }); err != nil {
		return nil, err
	}
	if err := a.guard(func() (err error) {
		r, err = ipc.NewFileReader(bytes.NewReader(data), ipc.WithAllocator(readMemory()))
		return err
	}); err != nil {
		return nil, err
	}
	i := 0
	a.read = func() (Batch, error) {
		if i >= r.NumRecords() {
			return nil, io.EOF
		}
		i++
		return r.RecordAt(i - 1)
	}
	return r.Schema(), nil
}

// arrowFooter is a file's footer: in front of its length, 4 bytes, and the magic word.
func arrowFooter(data []byte) []byte {
	const magic = len("ARROW1")
	end := len(data) - magic - 4
	return data[end-int(binary.LittleEndian.Uint32(data[end:])) : end]
}

// guard turns complaints and panics of the library into *SchemaError; errors of the store stay as they are.
func (a *arrowReader) guard(f func() error) error {
	err := func() (err error) {
		defer recoverAs(&err)
		return f()
	}()
	if err == nil || err == io.EOF && a.read != nil {
		return err
	}
	if a.stream != nil && a.stream.failed() != nil {
		return a.stream.failed()
	}
	return &SchemaError{Object: a.obj.Name(), Reason: fmt.Sprintf("not readable as Arrow: %v", err)}
}

func (a *arrowReader) match(src *Schema) error {
	fields := make([]Field, src.NumFields())
	for i, f := range src.Fields() {
		fields[i] = Field{Name: f.Name, Type: plainType(f.Type), Nullable: f.Nullable}
		if textColumnNamed(a.opts.Media, src, i) {
			fields[i].Type = StringType
		}
	}
	target := a.opts.Schema
	if target == nil {
		target = withFields(src, fields)
	}
	schema, keep, err := outputSchema(a.obj.Name(), target, a.opts.Columns)
	if err != nil {
		return err
	}
	match, err := columnMatch(a.obj.Name(), ColumnNames(src), Named(src), target)
	if err != nil {
		return err
	}
	for _, k := range keep {
		a.fields = append(a.fields, match[k])
	}
	a.schema = schema
	a.spread, err = a.opts.withSpread(a.obj.Name(), schema)
	return err
}

func (a *arrowReader) Schema() *Schema { return a.opts.withRejected(a.spread) }

func (a *arrowReader) Next() (Batch, error) {
	for a.err == nil {
		var b Batch
		if b, a.err = a.nextBatch(); a.err == nil && b.NumRows() > 0 {
			return b, nil
		}
	}
	return nil, a.err
}

func (a *arrowReader) nextBatch() (Batch, error) {
	for a.rest == nil || a.rest.NumRows() == 0 {
		if err := a.guard(a.readSound); err != nil {
			a.rest = nil
			return nil, err
		}
	}
	n := min(a.rest.NumRows(), int64(a.opts.BatchRows))
	part := a.rest.NewSlice(0, n)
	a.rest = a.rest.NewSlice(n, a.rest.NumRows())
	first := a.row
	a.row += n
	return a.convert(part, first)
}

// readSound reads the object's next batch.
func (a *arrowReader) readSound() (err error) {
	if a.rest, err = a.read(); err != nil {
		return err
	}
	return soundBatch(a.rest)
}

// convert makes the wanted columns. A dictionary's keys may point anywhere in a damaged object, where the library panics.
func (a *arrowReader) convert(part Batch, first int64) (_ Batch, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &SchemaError{Object: a.obj.Name(), Reason: fmt.Sprintf("not readable as Arrow: %v", p)}
		}
	}()
	cols := make([]Column, len(a.fields))
	var bad []badValue
	for i, f := range a.fields {
		col, rejected, err := cast(part.Column(f), a.schema.Field(i).Type)
		if err != nil {
			return nil, &SchemaError{Object: a.obj.Name(), Column: a.schema.Field(i).Name, Reason: err.Error()}
		}
		for _, r := range rejected {
			bad = append(bad, badValue{r.row, i, r.reason})
		}
		cols[i] = col
	}
	cols, uneven, err := a.opts.spread(a.obj.Name(), a.schema, cols, int(part.NumRows()))
	if err != nil {
		return nil, err
	}
	b := array.NewRecord(a.spread, cols, part.NumRows())
	return a.opts.reject(b, append(bad, uneven...), func(v badValue) *RecordError {
		return &RecordError{Object: a.obj.Name(), RowGroup: -1, Row: first + int64(v.row) + 1, Column: a.schema.Field(v.column).Name, Reason: v.reason}
	})
}

func (a *arrowReader) Close() error {
	if a.err == nil {
		a.err = io.ErrClosedPipe
	}
	if a.stream != nil {
		return a.stream.Close()
	}
	return nil
}
