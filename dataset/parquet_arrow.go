package dataset

import (
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/apache/arrow/go/v15/parquet"
	"github.com/apache/arrow/go/v15/parquet/file"
	"github.com/apache/arrow/go/v15/parquet/pqarrow"
)

// arrowChunks reads a row group's columns with the Arrow library.
type arrowChunks struct {
	file   *file.Reader
	reader *pqarrow.FileReader
}

func (p *parquetReader) openArrow() (*arrowChunks, error) {
	props := parquet.NewReaderProperties(readMemory())
	props.BufferedStreamEnabled = true // otherwise every column chunk is copied twice
	props.BufferSize = memoryBuffer
	if p.source.streamed() {
		props.BufferSize = min(streamBuffer, max(memoryBuffer, inFlight/int64(len(p.fields))))
	}
	r, err := file.NewParquetReader(p.source, file.WithMetadata(p.footer.meta), file.WithReadProps(props))
	if err != nil {
		return nil, err
	}
	fr, err := pqarrow.NewFileReader(r, pqarrow.ArrowReadProperties{BatchSize: int64(p.opts.BatchRows)}, readMemory())
	return &arrowChunks{file: r, reader: fr}, err
}

// column opens a field in the current row group.
func (a *arrowChunks) column(p *parquetReader, field int) (chunkReader, error) {
	leaves := map[int]bool{}
	for _, l := range p.footer.leaves(field) {
		leaves[l] = true
	}
	if hasStruct(p.footer.schema.Field(field).Type) {
		if err := tryLeaves(a.file, &a.reader.Manifest.Fields[field], p.group, p.opts.BatchRows); err != nil {
			return nil, err
		}
	}
	c, err := a.reader.GetFieldReader(p.ctx, field, leaves, []int{p.group})
	if err != nil {
		return nil, err
	}
	if c == nil {
		return nil, fmt.Errorf("column %d has no data", field)
	}
	return arrowColumn{c}, nil
}

// arrowColumn is a column that the Arrow library reads.
type arrowColumn struct{ *pqarrow.ColumnReader }

func (c arrowColumn) next(rows int) (Column, error) {
	chunked, err := c.NextBatch(int64(rows))
	if err != nil {
		return nil, err
	}
	return oneChunk(chunked)
}

func (c arrowColumn) close() { c.Release() }

func oneChunk(c *arrow.Chunked) (Column, error) {
	defer c.Release()
	if len(c.Chunks()) == 1 {
		col := c.Chunk(0)
		col.Retain()
		return col, nil
	}
	if len(c.Chunks()) == 0 {
		return nullColumn(c.DataType(), 0), nil
	}
	return array.Concatenate(c.Chunks(), memory.DefaultAllocator)
}
