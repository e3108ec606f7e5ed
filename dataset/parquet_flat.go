package dataset

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/bitutil"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/apache/arrow/go/v15/parquet"
	"github.com/apache/arrow/go/v15/parquet/compress"
)

// maxFlatPage bounds the bytes that a page may decode to here; the Arrow library takes care of larger ones.
const maxFlatPage = 256 << 20

// flatColumn reads the chunk of a column of plain numbers that lies in memory. A page's values become an array's memory without
// passing through buffers of a batch's size, so a batch is a slice of a page. That takes a quarter of the time that the Arrow library
// needs; it reads all that is not flat (see newFlatColumn).
type flatColumn struct {
	typ      DataType
	width    int  // bytes of a value
	optional bool // values may be missing: pages hold definition levels
	codec    compress.Codec
	pages    []flatPage
	dict     []byte   // the dictionary's values
	held     []Column // pages that are decoded already
	scratch  *[]byte  // if not nil, a page is decoded in it, and is gone with the next one

	cur Column // of the current page
	at  int    // rows of it that are read
}

// flatWidth is the bytes of a field's values if it is a column of plain numbers, which Parquet stores as they are in memory, else 0.
func flatWidth(f *parquetFooter, field int) int {
	leaves := f.leaves(field)
	if len(leaves) != 1 {
		return 0
	}
	column := f.meta.Schema.Column(leaves[0])
	if column.MaxRepetitionLevel() > 0 || column.MaxDefinitionLevel() > 1 {
		return 0
	}
	switch t, stored := f.schema.Field(field).Type.ID(), column.PhysicalType(); {
	case t == arrow.FLOAT32 && stored == parquet.Types.Float, t == arrow.INT32 && stored == parquet.Types.Int32:
		return 4
	case t == arrow.FLOAT64 && stored == parquet.Types.Double, t == arrow.INT64 && stored == parquet.Types.Int64:
		return 8
	}
	return 0
}

// newFlatColumn looks through a column chunk and returns nil if it is not flat: if it is nested, of another type, not in memory, or encoded
// in other ways than plain or by a dictionary.
func newFlatColumn(f *parquetFooter, s *parquetSource, group, field int) (*flatColumn, error) {
	width := flatWidth(f, field)
	if width == 0 {
		return nil, nil
	}
	leaf := f.leaves(field)[0]
	chunk, err := f.meta.RowGroup(group).ColumnChunk(leaf)
	if err != nil {
		return nil, err
	}
	codec, err := compress.GetCodec(chunk.Compression())
	if err != nil {
		return nil, nil // the library says what is wrong with it
	}
	from, to, err := f.chunkRange(group, leaf)
	if err != nil {
		return nil, err
	}
	data := s.slice(from, to)
	if data == nil {
		return nil, nil
	}
	c := &flatColumn{typ: f.schema.Field(field).Type, width: width, optional: f.meta.Schema.Column(leaf).MaxDefinitionLevel() == 1, codec: codec}
	if c.pages = c.scanPages(data, f.meta.RowGroup(group).NumRows()); c.pages == nil {
		return nil, nil
	}
	return c, nil
}

// hold decodes all pages now, after which the chunk's bytes are not needed any more.
func (c *flatColumn) hold() error {
	var held []Column
	for len(c.pages) > 0 {
		page, err := c.page()
		if err != nil {
			return err
		}
		held = append(held, page)
	}
	c.held = held
	return nil
}

// next returns the next rows, of which there must be so many.
func (c *flatColumn) next(rows int) (Column, error) {
	var parts []arrow.Array
	defer func() {
		for _, p := range parts {
			p.Release()
		}
	}()
	for left := rows; left > 0; {
		if c.cur == nil || c.at == c.cur.Len() {
			if err := c.open(); err != nil {
				return nil, err
			}
		}
		n := min(left, c.cur.Len()-c.at)
		parts = append(parts, c.slice(n))
		c.at += n
		left -= n
	}
	if len(parts) == 1 {
		parts[0].Retain()
		return parts[0], nil
	}
	return array.Concatenate(parts, memory.DefaultAllocator)
}

// slice is the current page's next rows, without offset and bitmap where none of them is missing.
func (c *flatColumn) slice(rows int) Column {
	data := c.cur.Data()
	bits, values := data.Buffers()[0], data.Buffers()[1]
	if bits != nil {
		if present := bitutil.CountSetBits(bits.Bytes(), c.at, rows); present < rows {
			return array.MakeFromData(array.NewData(c.typ, rows, data.Buffers(), nil, rows-present, c.at))
		}
	}
	part := values.Bytes()[c.at*c.width : (c.at+rows)*c.width]
	return array.MakeFromData(array.NewData(c.typ, rows, []*memory.Buffer{nil, memory.NewBufferBytes(part)}, nil, 0, 0))
}

// open moves on to the next page.
func (c *flatColumn) open() (err error) {
	c.drop()
	if len(c.held) > 0 {
		c.cur, c.held = c.held[0], c.held[1:]
		return nil
	}
	c.cur, err = c.page()
	return err
}

// page decodes the next data page.
func (c *flatColumn) page() (Column, error) {
	for len(c.pages) > 0 {
		p := c.pages[0]
		c.pages = c.pages[1:]
		if !p.dictionary {
			return c.decode(p)
		}
		values, err := c.body(make([]byte, p.size), p.body)
		if err != nil {
			return nil, err
		}
		if len(values) < p.rows*c.width {
			return nil, fmt.Errorf("a dictionary of %d bytes for %d values", len(values), p.rows)
		}
		c.dict = values[:p.rows*c.width]
	}
	return nil, errShortChunk
}

func (c *flatColumn) drop() {
	if c.cur != nil {
		c.cur.Release()
	}
	c.cur, c.at = nil, 0
}

func (c *flatColumn) close() {
	c.drop()
	for _, page := range c.held {
		page.Release()
	}
	c.held, c.pages, c.dict = nil, nil, nil
}

// decode makes a column of a data page.
func (c *flatColumn) decode(p flatPage) (Column, error) {
	levels, values, err := c.split(p)
	if err != nil {
		return nil, err
	}
	var bits []byte
	present := p.rows
	if c.optional {
		if bits, present, err = definedBits(levels, p.rows); err != nil {
			return nil, err
		}
	}
	if p.coded {
		values, err = c.fromDictionary(values, present)
	} else if len(values) < present*c.width {
		err = fmt.Errorf("a page has %d bytes for %d values", len(values), present)
	}
	if err != nil {
		return nil, err
	}
	values = values[:present*c.width]
	if present == p.rows {
		return array.MakeFromData(array.NewData(c.typ, p.rows, []*memory.Buffer{nil, memory.NewBufferBytes(values)}, nil, 0, 0)), nil
	}
	if c.width == 8 {
		values = spread[uint64](values, bits, p.rows)
	} else {
		values = spread[uint32](values, bits, p.rows)
	}
	buffers := []*memory.Buffer{memory.NewBufferBytes(bits), memory.NewBufferBytes(values)}
	return array.MakeFromData(array.NewData(c.typ, p.rows, buffers, nil, p.rows-present, 0)), nil
}

// split undoes a page's compression and parts definition levels from values.
func (c *flatColumn) split(p flatPage) (levels, values []byte, err error) {
	levels, body := p.body[:p.levels], p.body[p.levels:]
	if p.plain {
		values = body
	} else if values, err = c.body(c.room(p.size-p.levels), body); err != nil {
		return nil, nil, err
	}
	if c.optional && !p.second {
		if len(values) < levelsLength {
			return nil, nil, fmt.Errorf("a page of %d bytes has no levels", len(values))
		}
		n := binary.LittleEndian.Uint32(values)
		if uint64(n) > uint64(len(values)-levelsLength) {
			return nil, nil, fmt.Errorf("levels of %d bytes in a page of %d", n, len(values))
		}
		levels, values = values[levelsLength:levelsLength+n], values[levelsLength+n:]
	}
	if p.coded || !p.plain && aligned(values, c.width) {
		return levels, values, nil
	}
	return levels, bytes.Clone(values), nil // a page does not hold the chunk in memory
}

// levelsLength is the bytes that tell how long the levels of a page of the first version are.
const levelsLength = 4

// room is memory for a page.
func (c *flatColumn) room(size int) []byte {
	if c.scratch == nil {
		return make([]byte, size)
	}
	if cap(*c.scratch) < size {
		*c.scratch = make([]byte, size)
	}
	return (*c.scratch)[:size]
}

// body decompresses what decodes to the bytes of to.
func (c *flatColumn) body(to, data []byte) ([]byte, error) {
	values := c.codec.Decode(to, data)
	if len(values) != len(to) {
		return nil, fmt.Errorf("a page decodes to %d bytes, expected %d", len(values), len(to))
	}
	return values, nil
}
