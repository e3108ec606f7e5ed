package dataset

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/parquet/metadata"
	"github.com/apache/arrow/go/v15/parquet/pqarrow"
)

const (
	footerGuess = 64 << 10 // what the first GET of a Parquet object takes from its end
	parquetTail = 8        // four bytes footer length, "PAR1"
)

var parquetMagic = []byte("PAR1")

// parquetFooter is what a Parquet object says about itself.
type parquetFooter struct {
	meta   *metadata.FileMetaData
	schema *Schema
	size   int64   // of the object
	below  [][]int // the leaf columns of each top-level field
	tail   []byte  // the object's last bytes, kept because small objects lie in them whole
}

func (f *parquetFooter) tailOffset() int64 { return f.size - int64(len(f.tail)) }

// corrupt is the error for a Parquet object that cannot be read.
func corruptParquet(object string, reason any) error {
	return &SchemaError{Object: object, Reason: fmt.Sprintf("not a complete Parquet file: %v", reason)}
}

// readAll reads a byte range. It fails if the object ends early.
func readRange(ctx context.Context, obj Object, offset, length int64) ([]byte, error) {
	r, err := obj.Open(ctx, offset, length)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	buf := make([]byte, length)
	if _, err := io.ReadFull(r, buf); err != nil {
		return nil, fmt.Errorf("dataset: reading %s: %w", obj.Name(), err)
	}
	return buf, nil
}

// readFooter fetches the last guess bytes of a Parquet object, and more only if its footer is longer.
func readFooter(ctx context.Context, obj Object, guess int64) (*parquetFooter, error) {
	raw, tail, err := rawFooter(ctx, obj, guess)
	if err != nil {
		return nil, err
	}
	f := &parquetFooter{size: obj.Size(), tail: tail}
	if err := f.decode(raw); err != nil {
		return nil, corruptParquet(obj.Name(), err)
	}
	return f, nil
}

// rawFooter returns the thrift bytes of the footer, and the object's tail they lie in.
func rawFooter(ctx context.Context, obj Object, guess int64) (raw, tail []byte, err error) {
	size := obj.Size()
	if size < int64(len(parquetMagic))+parquetTail {
		return nil, nil, corruptParquet(obj.Name(), fmt.Sprintf("it has only %d bytes", size))
	}
	n := min(size, guess)
	if tail, err = readRange(ctx, obj, size-n, n); err != nil {
		return nil, nil, err
	}
	if end := tail[len(tail)-4:]; !bytes.Equal(end, parquetMagic) {
		if string(end) == "PARE" {
			return nil, nil, &SchemaError{Object: obj.Name(), Reason: "the Parquet file is encrypted"}
		}
		return nil, nil, corruptParquet(obj.Name(), "it does not end with PAR1")
	}
	length := int64(binary.LittleEndian.Uint32(tail[len(tail)-8:]))
	if length == 0 || length+parquetTail+int64(len(parquetMagic)) > size {
		return nil, nil, corruptParquet(obj.Name(), fmt.Sprintf("its footer claims %d bytes", length))
	}
	if need := length + parquetTail; need > int64(len(tail)) {
		more, err := readRange(ctx, obj, size-need, need-int64(len(tail)))
		if err != nil {
			return nil, nil, err
		}
		tail = append(more, tail...)
	}
	return tail[int64(len(tail))-parquetTail-length : len(tail)-parquetTail], tail, nil
}

// decode parses the footer and checks what the Arrow library would otherwise trust.
func (f *parquetFooter) decode(raw []byte) (err error) {
	defer recoverAs(&err)
	if f.meta, err = metadata.NewFileMetaData(raw, nil); err != nil {
		return err
	}
	kv := slices.Clone(f.meta.KeyValueMetadata())
	// Arrow's own schema would bring types (dictionaries, large strings, extensions) that mean the same and read differently.
	f.meta.FileMetaData.KeyValueMetadata = slices.DeleteFunc(f.meta.FileMetaData.KeyValueMetadata, isArrowSchema)
	props := pqarrow.ArrowReadProperties{}
	if f.schema, err = pqarrow.FromParquet(f.meta.Schema, &props, f.meta.KeyValueMetadata()); err != nil {
		return err
	}
	f.schema = keepMetadata(f.schema, kv)
	f.findLeaves()
	return f.checkRanges()
}

// recoverAs turns a panic into an error.
func recoverAs(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("%v", p)
	}
}

func isArrowSchema[KV interface{ GetKey() string }](kv KV) bool { return kv.GetKey() == "ARROW:schema" }

// keepMetadata keeps of a file's metadata only what is ours, so that equal schemas of different writers compare equal.
func keepMetadata(s *Schema, kv metadata.KeyValueMetadata) *Schema {
	var keys, values []string
	for _, key := range []string{namesKey, sparseKey} {
		if v := kv.FindValue(key); v != nil {
			keys, values = append(keys, key), append(values, *v)
		}
	}
	md := arrow.NewMetadata(keys, values)
	fields := make([]Field, s.NumFields())
	for i, f := range s.Fields() {
		f.Metadata = arrow.Metadata{}
		fields[i] = f
	}
	return arrow.NewSchema(fields, &md)
}

// checkRanges makes sure that every column chunk lies within the object.
func (f *parquetFooter) checkRanges() error {
	leaves := f.meta.Schema.NumColumns()
	for i := range f.meta.RowGroups {
		rg := f.meta.RowGroup(i)
		if rg.NumColumns() != leaves || rg.NumRows() < 0 {
			return fmt.Errorf("row group %d has %d columns and %d rows, the schema has %d columns", i, rg.NumColumns(), rg.NumRows(), leaves)
		}
		for c := 0; c < leaves; c++ {
			from, to, err := f.chunkRange(i, c)
			if err != nil {
				return err
			}
			if from < int64(len(parquetMagic)) || to < from || to > f.size-parquetTail {
				return fmt.Errorf("row group %d, column %d claims the bytes %d to %d of %d", i, c, from, to, f.size)
			}
		}
	}
	return nil
}

// chunkRange is the byte range of a column chunk.
func (f *parquetFooter) chunkRange(rowGroup, leaf int) (from, to int64, err error) {
	c, err := f.meta.RowGroup(rowGroup).ColumnChunk(leaf)
	if err != nil {
		return 0, 0, err
	}
	from = c.DataPageOffset()
	if c.HasDictionaryPage() && c.DictionaryPageOffset() > 0 && c.DictionaryPageOffset() < from {
		from = c.DictionaryPageOffset()
	}
	return from, from + c.TotalCompressedSize(), nil
}

// allNull says whether statistics show that a column has no value at all. Only top-level columns of one leaf can tell.
func (f *parquetFooter) allNull(field int) bool {
	t := f.schema.Field(field).Type
	if t.ID() == arrow.NULL {
		return true
	}
	if arrow.IsNested(t.ID()) || len(f.meta.RowGroups) == 0 {
		return false
	}
	leaf := f.leaves(field)[0]
	for i := range f.meta.RowGroups {
		c := f.meta.RowGroups[i].Columns[leaf].MetaData
		if c.NumValues == 0 {
			continue
		}
		if c.Statistics == nil || c.Statistics.NullCount == nil || *c.Statistics.NullCount != c.NumValues {
			return false
		}
	}
	return true
}

// leaves lists the leaf columns below a top-level field.
func (f *parquetFooter) leaves(field int) []int { return f.below[field] }

// findLeaves finds those of every field: looking for one at a time takes long in wide tables.
func (f *parquetFooter) findLeaves() {
	root := f.meta.Schema.Root()
	f.below = make([][]int, root.NumFields())
	for c := range f.meta.Schema.NumColumns() {
		field := root.FieldIndexByField(f.meta.Schema.ColumnRoot(c))
		f.below[field] = append(f.below[field], c)
	}
}

// parquetUnits cuts a Parquet object into its row groups, without those that hold no row.
func parquetUnits(ctx context.Context, obj Object) ([]Unit, error) {
	f, err := footerOf(ctx, obj, footerGuess)
	if err != nil {
		return nil, err
	}
	var units []Unit
	var row int64
	for i := range f.meta.RowGroups {
		rg := f.meta.RowGroup(i)
		if rg.NumRows() == 0 {
			continue
		}
		var bytes int64
		for c := 0; c < f.meta.Schema.NumColumns(); c++ {
			from, to, err := f.chunkRange(i, c)
			if err != nil {
				return nil, corruptParquet(obj.Name(), err)
			}
			bytes += to - from
		}
		units = append(units, Unit{Index: len(units), RowGroup: i, FirstRow: row, Rows: rg.NumRows(), Bytes: bytes})
		row += rg.NumRows()
	}
	return units, nil
}
