// Package dataset turns stored bytes into rows and back: Parquet, CSV, JSON Lines, libsvm, RecordIO and Arrow IPC as streams of
// Arrow record batches with bounded memory; schemas that are inferred and reconciled over many files; splits and
// column profiles. It knows no algorithm, no job and no object store: bytes come in through Object.
//
// The Arrow types in this package's interface are aliases declared here, so that no other package imports Arrow.
package dataset

import (
	"context"
	"io"

	"github.com/apache/arrow/go/v15/arrow"
)

// Arrow's types under Batchmill's names. Other packages use these, never Arrow's import path.
type (
	// Schema is an ordered list of named, typed columns.
	Schema = arrow.Schema
	// Field is one column of a Schema.
	Field = arrow.Field
	// Batch is a run of rows in columnar form. Whoever receives one must Release it.
	Batch = arrow.Record
	// Column is one column of a Batch.
	Column = arrow.Array
)

// Object is one immutable input: a name for messages, a size, and ranged reads. The same Object yields the same bytes
// however often it is read, or an error (for example because the stored object changed). Safe for concurrent use.
type Object interface {
	Name() string // for error messages, e.g. "s3://bucket/key"
	Size() int64  // bytes
	// Open reads length bytes from offset; length 0 means to the end. The reader yields exactly that many bytes or fails.
	Open(ctx context.Context, offset, length int64) (io.ReadCloser, error)
}

// Unit is the smallest piece an object is cut into: whole row groups of a Parquet file, or a byte range of a line format
// that starts and ends on record bounds. Units depend on the object's bytes alone, so whatever groups them into shards
// cannot change what is read. FirstRow and Rows count records of the object, header excluded.
type Unit struct {
	Index    int   // position within the object, from 0
	RowGroup int   // Parquet: the row group
	Offset   int64 // line formats: first byte
	Length   int64 // line formats: bytes; for a compressed object the whole object
	FirstRow int64 // index of the unit's first record within the object; -1 where not known (compressed line formats are one unit from 0)
	Rows     int64 // records in the unit, -1 where not known
	// FirstLine is the line, from 1, the unit's bytes start on (line formats; 0 where not known). It only serves messages.
	FirstLine int64
	Bytes     int64 // stored bytes the unit covers, for balancing
}

// Reader is a stream of batches from one object or unit, in row order. Not safe for concurrent use.
type Reader interface {
	Schema() *Schema
	// Next returns the next batch, at least one row, or io.EOF after the last. The caller releases the batch; its columns do
	// not share memory with later batches. Errors about content are *RecordError or *SchemaError.
	Next() (Batch, error)
	Close() error
}

// Writer writes batches in one format to an io.Writer.
type Writer interface {
	Write(Batch) error
	// Close finishes the format (footer, last newline). It does not close the underlying writer, and after a failed Write it
	// writes nothing, so that a broken file never looks complete.
	Close() error
}
