package dataset

import (
	"context"
	"reflect"

	format "github.com/xitongsys/parquet-go/parquet"
	"golang.org/x/sync/errgroup"
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
	for from := 0; from < len(fragments); from += footersAtOnce {
		footers, err := readFragmentFooters(ctx, fragments[from:min(from+footersAtOnce, len(fragments))])
		if err != nil {
			return nil, err
		}
		for i, f := range footers {
			if layout == nil {
				layout = newParquetLayout(f.meta)
			} else if !sameParquetSchema(layout.meta, f.meta) {
				return nil, &SchemaError{Object: fragments[from+i].Name(), Other: fragments[0].Name(), Reason: "the Parquet files differ in schema or metadata"}
			}
			if length := layout.append(f); length > 0 {
				pieces = append(pieces, Piece{Fragment: from + i, Offset: int64(len(parquetMagic)), Length: length})
			}
		}
	}
	tail, err := layout.end()
	if err != nil {
		return nil, err
	}
	return append(pieces, Piece{Bytes: tail}), nil
}

// append moves a fragment's row groups behind those that are there and returns the length of its data.
func (l *parquetLayout) append(f fragmentFooter) int64 {
	start := int64(len(parquetMagic))
	by := l.offset - start
	for _, rg := range f.meta.RowGroups {
		for _, c := range rg.Columns {
			moveChunk(c, by)
		}
		if rg.FileOffset != nil && *rg.FileOffset > 0 {
			*rg.FileOffset += by
		}
		l.addRowGroup(rg)
	}
	l.offset += f.at - start
	return f.at - start
}

// footersAtOnce is how many fragments' footers are asked for at once: there may be thousands, each a request that takes its time.
const footersAtOnce = 16

// fragmentFooter is a footer and the offset it starts at.
type fragmentFooter struct {
	meta *format.FileMetaData
	at   int64
}

func readFragmentFooters(ctx context.Context, fragments []Object) ([]fragmentFooter, error) {
	footers := make([]fragmentFooter, len(fragments))
	g, ctx := errgroup.WithContext(ctx)
	for i, obj := range fragments {
		g.Go(func() (err error) {
			footers[i], err = readFragmentFooter(ctx, obj)
			return err
		})
	}
	return footers, g.Wait()
}

func readFragmentFooter(ctx context.Context, obj Object) (fragmentFooter, error) {
	raw, _, err := rawFooter(ctx, obj, footerGuess)
	if err != nil {
		return fragmentFooter{}, err
	}
	meta, err := decodeFooter(raw)
	if err != nil {
		return fragmentFooter{}, corruptParquet(obj.Name(), err)
	}
	if meta.EncryptionAlgorithm != nil {
		return fragmentFooter{}, &SchemaError{Object: obj.Name(), Reason: "the Parquet file is encrypted"}
	}
	return fragmentFooter{meta, obj.Size() - parquetTail - int64(len(raw))}, nil
}

func sameParquetSchema(a, b *format.FileMetaData) bool {
	return reflect.DeepEqual(a.Schema, b.Schema) && reflect.DeepEqual(a.KeyValueMetadata, b.KeyValueMetadata) &&
		reflect.DeepEqual(a.ColumnOrders, b.ColumnOrders) && a.Version == b.Version
}
