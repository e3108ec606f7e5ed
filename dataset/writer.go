package dataset

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

// DefaultRowGroupRows is the number of rows of a Parquet row group where nothing is said: 8 to 32 MB for tables of 16 to 64
// float32 columns.
const DefaultRowGroupRows = 131072

// WriteOptions says what to write. Media must name a format; every other zero value works.
type WriteOptions struct {
	Media Media
	// RowGroupRows is the number of rows of every Parquet row group but the last; 0: DefaultRowGroupRows.
	RowGroupRows int
	// Scores writes every column as an entry of a RecordIO record's label under the column's name, as algorithms answer. Without
	// it the column label is a record's label and the others are its features. Of no meaning to other formats.
	Scores bool
	// Fragment leaves out what stands around the rows of a JSON document or an Arrow stream, to be added by FragmentEnds.
	Fragment bool
	// List is the member of a JSON document that holds the rows; "": ResponseList.
	List string
	// Compression is the codec within Parquet: snappy, zstd, gzip or none; "": snappy. Other formats are compressed as
	// Media.Compression says.
	Compression string
}

// NewWriter returns a writer of the format that o.Media names. Batches must have schema's columns. Equal rows give equal
// bytes, however they are spread over batches.
func NewWriter(w io.Writer, schema *Schema, o WriteOptions) (Writer, error) {
	if o.Media.Format == Parquet {
		return newParquetWriter(w, schema, o)
	}
	w, finish, err := compressWriter(w, o.Media.Compression)
	if err != nil {
		return nil, err
	}
	var inner Writer
	switch o.Media.Format {
	case CSV:
		inner, err = newCSVWriter(w, schema, o.Media)
	case JSONLines, JSON:
		inner, err = newJSONWriter(w, schema, o)
	case LibSVM:
		inner, err = newLibSVMWriter(w, schema)
	case RecordIO:
		inner, err = newRecordIOWriter(w, schema, o.Scores)
	case ArrowStream:
		inner, err = newArrowWriter(w, schema, o.Fragment)
	default:
		return nil, &MediaError{ContentType: string(o.Media.Format), Reason: "there is no writer for it"}
	}
	if err != nil {
		return nil, err
	}
	return &onceWriter{inner: inner, finish: finish}, nil
}

func compressWriter(w io.Writer, c Compression) (io.Writer, func() error, error) {
	switch c {
	case CompressionAuto, CompressionNone:
		return w, func() error { return nil }, nil
	case Gzip:
		z := gzip.NewWriter(w)
		return z, z.Close, nil
	case Zstd:
		z, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
		if err != nil {
			return nil, nil, err
		}
		return z, z.Close, nil
	}
	return nil, nil, &MediaError{ContentType: string(c), Parameter: "compression", Reason: "is not known"}
}

var errWriterClosed = errors.New("dataset: the writer is closed")

// onceWriter keeps the promise that nothing is written after a failure or twice.
type onceWriter struct {
	inner  Writer
	finish func() error
	err    error
}

func (o *onceWriter) Write(b Batch) error {
	if o.err != nil {
		return o.err
	}
	o.err = o.inner.Write(b)
	return o.err
}

// CutRowGroup ends the message of formats that have such.
func (o *onceWriter) CutRowGroup() error {
	c, ok := o.inner.(interface{ CutRowGroup() error })
	if !ok || o.err != nil {
		return o.err
	}
	o.err = c.CutRowGroup()
	return o.err
}

func (o *onceWriter) Close() error {
	if o.err != nil {
		if o.err == errWriterClosed {
			return nil
		}
		return o.err
	}
	if o.err = o.inner.Close(); o.err == nil {
		o.err = o.finish()
	}
	if o.err != nil {
		return o.err
	}
	o.err = errWriterClosed
	return nil
}

// checkColumns makes sure that a batch has the columns a writer was made for.
func checkColumns(schema, got *Schema) error {
	if schema.NumFields() != got.NumFields() {
		return &SchemaError{Reason: fmt.Sprintf("a batch has %d columns, the writer %d", got.NumFields(), schema.NumFields())}
	}
	for i, f := range schema.Fields() {
		g := got.Field(i)
		if f.Name != g.Name || !sameType(f.Type, g.Type) {
			return &SchemaError{Column: f.Name, Reason: fmt.Sprintf("the writer expects %s %s, the batch has %s %s", f.Name, f.Type, g.Name, g.Type)}
		}
	}
	return nil
}
