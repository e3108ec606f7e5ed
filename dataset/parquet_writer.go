package dataset

import (
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
)

// createdBy is fixed, so that equal rows give equal bytes with every release.
const createdBy = "batchmill version 1.0.0"

var codecs = map[string]compress.Compression{
	"": compress.Codecs.Snappy, "snappy": compress.Codecs.Snappy, "zstd": compress.Codecs.Zstd,
	"gzip": compress.Codecs.Gzip, "none": compress.Codecs.Uncompressed, "uncompressed": compress.Codecs.Uncompressed,
}

// parquetWriter collects rows until a row group is full and then writes it in one piece: the library's page bounds depend on
// how rows arrive, and so the bytes would.
type parquetWriter struct {
	sink    *guardedSink
	file    *pqarrow.FileWriter
	schema  *Schema
	groups  int64
	pending []Batch
	rows    int64
	err     error
}

// guardedSink hides Close from the library, which closes its sink, and stops writing after a failure, because the library's own
// Close would make a broken file look complete.
type guardedSink struct {
	w   io.Writer
	err error
}

func (g *guardedSink) Write(b []byte) (int, error) {
	if g.err != nil {
		return 0, g.err
	}
	n, err := g.w.Write(b)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	g.err = err
	return n, err
}

func newParquetWriter(w io.Writer, schema *Schema, o WriteOptions) (p *parquetWriter, err error) {
	codec, ok := codecs[strings.ToLower(o.Compression)]
	if !ok {
		return nil, &MediaError{ContentType: string(Parquet), Parameter: "compression", Reason: fmt.Sprintf("%q is not known; known are snappy, zstd, gzip, none", o.Compression)}
	}
	if o.RowGroupRows <= 0 {
		o.RowGroupRows = DefaultRowGroupRows
	}
	defer recoverAs(&err)
	props := parquet.NewWriterProperties(parquet.WithCreatedBy(createdBy), parquet.WithCompression(codec), parquet.WithVersion(parquet.V2_LATEST),
		parquet.WithMaxRowGroupLength(int64(o.RowGroupRows)), dictionaries(schema))
	p = &parquetWriter{sink: &guardedSink{w: w}, schema: schema, groups: int64(o.RowGroupRows)}
	p.file, err = pqarrow.NewFileWriter(schema, p.sink, props, pqarrow.DefaultWriterProps())
	if err != nil {
		return nil, fmt.Errorf("dataset: parquet: %w", err)
	}
	return p, nil
}

// dictionaries turns dictionary encoding on for text alone: numbers seldom repeat, and trying costs half the speed.
func dictionaries(schema *Schema) parquet.WriterProperty {
	return parquet.WithDictionaryDefault(false)
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
			if err := p.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// flush writes the collected rows as one row group.
func (p *parquetWriter) flush() error {
	if p.err = p.writeGroup(); p.err != nil {
		p.err = fmt.Errorf("dataset: parquet: %w", p.err)
		if p.sink.err == nil {
			p.sink.err = p.err
		}
	}
	return p.err
}

func (p *parquetWriter) writeGroup() (err error) {
	defer recoverAs(&err)
	p.file.NewRowGroup()
	for c := range p.schema.Fields() {
		parts := make([]arrow.Array, len(p.pending))
		for i, b := range p.pending {
			parts[i] = b.Column(c)
		}
		col, err := array.Concatenate(parts, memory.DefaultAllocator)
		if err != nil {
			return err
		}
		err = p.file.WriteColumnData(col)
		col.Release()
		if err != nil {
			return err
		}
	}
	for _, b := range p.pending {
		b.Release()
	}
	p.pending, p.rows = nil, 0
	return p.sink.err
}

func (p *parquetWriter) Close() error {
	if p.err != nil {
		if errors.Is(p.err, errWriterClosed) {
			return nil
		}
		return p.err
	}
	if p.rows > 0 {
		if err := p.flush(); err != nil {
			return err
		}
	}
	p.err = errWriterClosed
	err := func() (err error) {
		defer recoverAs(&err)
		return p.file.Close()
	}()
	if err == nil {
		err = p.sink.err
	}
	if err != nil {
		p.sink.err = err
		return fmt.Errorf("dataset: parquet: %w", err)
	}
	return nil
}
