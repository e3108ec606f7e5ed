package dataset

import (
	"context"
	"reflect"

	format "github.com/xitongsys/parquet-go/parquet"
)

// Piece is a part of an assembled file: literal bytes, or a byte range of a fragment where Bytes is nil.
type Piece struct {
	Bytes    []byte
	Fragment int   // index of the fragment
	Offset   int64 // first byte within the fragment
	Length   int64 // bytes
}

// AssembleParquet says how to concatenate complete Parquet files of one schema into one, without decoding a page: the magic
// word, each fragment's bytes between magic word and footer, and one footer for all row groups in order. Only footers are
// read. If NewWriter wrote the fragments, the assembled bytes depend on the row groups alone, not on how they were
// spread over fragments. A fragment of another schema is a *SchemaError that names both.
func AssembleParquet(ctx context.Context, fragments []Object) ([]Piece, error) {
	if len(fragments) == 0 {
		return nil, &SchemaError{Reason: "there is no Parquet file to assemble"}
	}
	pieces := []Piece{{Bytes: parquetMagic}}
	var layout *parquetLayout
	for i, obj := range fragments {
		meta, end, err := fragmentFooter(ctx, obj)
		if err != nil {
			return nil, err
		}
		if layout == nil {
			layout = newParquetLayout(meta)
		} else if !sameParquetSchema(layout.meta, meta) {
			return nil, &SchemaError{Object: obj.Name(), Other: fragments[0].Name(), Reason: "the Parquet files differ in schema or metadata"}
		}
		start := int64(len(parquetMagic))
		by := layout.offset - start
		for _, rg := range meta.RowGroups {
			for _, c := range rg.Columns {
				moveChunk(c, by)
			}
			if rg.FileOffset != nil && *rg.FileOffset > 0 {
				*rg.FileOffset += by
			}
			layout.addRowGroup(rg)
		}
		if end > start {
			pieces = append(pieces, Piece{Fragment: i, Offset: start, Length: end - start})
			layout.offset += end - start
		}
	}
	tail, err := layout.end()
	if err != nil {
		return nil, err
	}
	return append(pieces, Piece{Bytes: tail}), nil
}

// fragmentFooter reads a footer and the offset it starts at.
func fragmentFooter(ctx context.Context, obj Object) (*format.FileMetaData, int64, error) {
	raw, _, err := rawFooter(ctx, obj, footerGuess)
	if err != nil {
		return nil, 0, err
	}
	meta, err := decodeFooter(raw)
	if err != nil {
		return nil, 0, corruptParquet(obj.Name(), err)
	}
	if meta.EncryptionAlgorithm != nil {
		return nil, 0, &SchemaError{Object: obj.Name(), Reason: "the Parquet file is encrypted"}
	}
	return meta, obj.Size() - parquetTail - int64(len(raw)), nil
}

func sameParquetSchema(a, b *format.FileMetaData) bool {
	return reflect.DeepEqual(a.Schema, b.Schema) && reflect.DeepEqual(a.KeyValueMetadata, b.KeyValueMetadata) &&
		reflect.DeepEqual(a.ColumnOrders, b.ColumnOrders) && a.Version == b.Version
}
