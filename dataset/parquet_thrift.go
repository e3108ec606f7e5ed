package dataset

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/apache/thrift/lib/go/thrift"
	format "github.com/xitongsys/parquet-go/parquet"
)

// parquetLayout puts together a Parquet file's footer: row groups are added with the place their bytes have in the new file.
// The thrift types are those of github.com/apache/parquet-format.
type parquetLayout struct {
	meta   *format.FileMetaData
	offset int64 // where the next bytes will stand
}

// newParquetLayout takes schema and metadata of an existing footer and none of its rows.
func newParquetLayout(like *format.FileMetaData) *parquetLayout {
	meta := *like
	meta.RowGroups, meta.NumRows = []*format.RowGroup{}, 0
	return &parquetLayout{meta: &meta, offset: int64(len(parquetMagic))}
}

// addRowGroup notes a row group whose chunks have been moved already.
func (l *parquetLayout) addRowGroup(rg *format.RowGroup) {
	rg.Ordinal = nil
	if n := len(l.meta.RowGroups); n <= math.MaxInt16 {
		ordinal := int16(n)
		rg.Ordinal = &ordinal
	}
	l.meta.RowGroups = append(l.meta.RowGroups, rg)
	l.meta.NumRows += rg.NumRows
}

// end is the bytes after the last row group.
func (l *parquetLayout) end() ([]byte, error) {
	raw, err := encodeFooter(l.meta)
	if err != nil {
		return nil, err
	}
	raw = binary.LittleEndian.AppendUint32(raw, uint32(len(raw)))
	return append(raw, parquetMagic...), nil
}

func encodeFooter(meta *format.FileMetaData) ([]byte, error) {
	buf := thrift.NewTMemoryBufferLen(4096)
	p := thrift.NewTCompactProtocolConf(buf, nil)
	if err := meta.Write(context.Background(), p); err != nil {
		return nil, fmt.Errorf("dataset: parquet footer: %w", err)
	}
	if err := p.Flush(context.Background()); err != nil {
		return nil, fmt.Errorf("dataset: parquet footer: %w", err)
	}
	return buf.Bytes(), nil
}

func decodeFooter(raw []byte) (meta *format.FileMetaData, err error) {
	defer recoverAs(&err)
	buf := thrift.NewTMemoryBufferLen(len(raw))
	buf.Write(raw)
	conf := &thrift.TConfiguration{MaxMessageSize: math.MaxInt32}
	meta = format.NewFileMetaData()
	if err := meta.Read(context.Background(), thrift.NewTCompactProtocolConf(buf, conf)); err != nil {
		return nil, err
	}
	for i, rg := range meta.RowGroups {
		for c, chunk := range rg.Columns {
			if chunk.MetaData == nil {
				return nil, fmt.Errorf("row group %d, column %d has no metadata", i, c)
			}
		}
	}
	return meta, nil
}

// chunkStart is the first byte of a column chunk.
func chunkStart(c *format.ColumnChunk) int64 {
	start := c.MetaData.DataPageOffset
	if d := c.MetaData.DictionaryPageOffset; d != nil && *d > 0 && *d < start {
		start = *d
	}
	return start
}

// moveChunk shifts every offset of a column chunk. An absent offset and a file_offset of zero ("none") stay.
func moveChunk(c *format.ColumnChunk, by int64) {
	move := func(p *int64) {
		if p != nil && *p > 0 {
			*p += by
		}
	}
	move(&c.FileOffset)
	move(&c.MetaData.DataPageOffset)
	move(c.MetaData.DictionaryPageOffset)
	move(c.MetaData.IndexPageOffset)
	move(c.MetaData.BloomFilterOffset)
	move(c.ColumnIndexOffset)
	move(c.OffsetIndexOffset)
}
