package dataset

import (
	"context"
	"fmt"
	"slices"
)

// DefaultBatchRows is the number of rows of a batch where nothing is said. Larger batches read no faster (see
// BenchmarkParquetRead) and hold more memory.
const DefaultBatchRows = 8192

// maxBatchBytes ends a batch of text records early, so that long records cannot fill the memory.
const maxBatchBytes = 32 << 20

// ReadOptions says what to read of an object. Media must name a format; every other zero value works.
type ReadOptions struct {
	Media Media
	// Unit is the part to read; nil: the whole object.
	Unit *Unit
	// Schema is what batches are to look like: columns are found by name where the object and Schema have names, else by
	// position, and converted to Schema's types. nil: the object's own schema, which for text formats costs a pass over it.
	Schema *Schema
	// Columns keeps only these columns, in this order; nil: all. Others are not parsed, and not fetched where the format allows.
	Columns []string
	// BatchRows is the largest number of rows of a batch; 0: DefaultBatchRows.
	BatchRows int
	// Header is the column names of a CSV object with a header, for a unit that does not start at its top; nil: the reader
	// fetches the object's first record itself.
	Header []string
	// RawColumn, if not empty, adds a last column of this name with each record's bytes without its terminator. Line formats and
	// RecordIO only.
	RawColumn string
	// Path, if not nil, is what the columns are taken from within each record of JSON Lines, or the records within each document of
	// JSON; elsewhere Columns does it.
	Path *Path
	// Spread adds columns of the elements of lists behind those of Columns, which must hold the lists. Parquet and Arrow only. A row
	// whose list gives another number of values is rejected.
	Spread []Spread
	// OnReject is told about each record that cannot be read, which is then left out; an error from it ends the reading with
	// that error. nil: the first bad record ends the reading with its *RecordError.
	OnReject func(*RecordError) error
	// Hold is how many bytes the numbers of a Parquet row group may take in memory once they are decoded; 0: DefaultHold. Those of larger
	// row groups go to a temporary file.
	Hold int64
	// RejectedColumn, if not empty, keeps the records that OnReject was told about as rows of missing values, and adds a column of
	// this name, the last but for RawColumn, that is true for them.
	RejectedColumn string
}

// NewReader opens an object or a unit of it. It reads ahead at most about 8 MiB of a line format and 64 MiB of Parquet. WorkingSet
// tells how much memory the reading takes.
// ctx bounds the whole reading, not just the opening.
func NewReader(ctx context.Context, obj Object, o ReadOptions) (Reader, error) {
	if o.BatchRows <= 0 {
		o.BatchRows = DefaultBatchRows
	}
	if o.RawColumn != "" && !o.Media.Format.Lines() && o.Media.Format != RecordIO {
		return nil, &SchemaError{Object: obj.Name(), Reason: fmt.Sprintf("%s has no text records to pass through", o.Media.Format)}
	}
	if len(o.Spread) > 0 && !o.Media.Format.Typed() {
		return nil, &SchemaError{Object: obj.Name(), Reason: fmt.Sprintf("%s has no lists to spread", o.Media.Format)}
	}
	switch o.Media.Format {
	case Parquet:
		return opened(newParquetReader(ctx, obj, o))
	case ArrowStream, ArrowFile:
		return opened(newArrowReader(ctx, obj, o))
	case CSV, JSONLines, JSON, LibSVM, RecordIO:
		if o.Schema == nil {
			schema, err := Infer(ctx, []Object{obj}, o.Media)
			if err != nil {
				return nil, err
			}
			o.Schema = schema
		}
		if o.Media.Format == RecordIO {
			return opened(newRecordIOReader(ctx, obj, o))
		}
		return opened(newLineReader(ctx, obj, o))
	}
	return nil, &MediaError{ContentType: string(o.Media.Format), Reason: "there is no reader for it"}
}

// opened keeps a nil pointer beside an error from becoming a Reader that is not nil.
func opened[R Reader](r R, err error) (Reader, error) {
	if err != nil {
		return nil, err
	}
	return r, nil
}

// columnMatch finds the object's column for each field of a schema: by name if both have names, else by position.
func columnMatch(object string, names []string, named bool, schema *Schema) ([]int, error) {
	idx := make([]int, schema.NumFields())
	if !named || !Named(schema) {
		if len(names) != len(idx) {
			return nil, &SchemaError{Object: object, Reason: fmt.Sprintf("has %d columns, expected %d", len(names), len(idx))}
		}
		for i := range idx {
			idx[i] = i
		}
		return idx, nil
	}
	at := make(map[string]int, len(names))
	for i, n := range names {
		at[n] = i
	}
	for i, f := range schema.Fields() {
		j, ok := at[f.Name]
		if !ok {
			return nil, missingColumn(object, f.Name, names)
		}
		idx[i] = j
	}
	return idx, nil
}

func missingColumn(object, column string, names []string) error {
	there := slices.Clone(names)
	if len(there) > 40 {
		there = append(there[:40], fmt.Sprintf("and %d more", len(names)-40))
	}
	return &SchemaError{Object: object, Column: column, Reason: fmt.Sprintf("the column is not there; there are %v", there)}
}

// outputSchema is the schema of the batches: the target, cut to the wanted columns.
func outputSchema(object string, target *Schema, columns []string) (*Schema, []int, error) {
	if columns == nil {
		idx := make([]int, target.NumFields())
		for i := range idx {
			idx[i] = i
		}
		return target, idx, nil
	}
	schema, idx, err := selectFields(target, columns)
	if se, ok := err.(*SchemaError); ok {
		se.Object = object
	}
	return schema, idx, err
}
