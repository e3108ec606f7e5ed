package dataset

import (
	"bytes"
	"context"
	"math/bits"
	"unsafe"

	"github.com/apache/arrow/go/v15/arrow/bitutil"
	"github.com/apache/thrift/lib/go/thrift"
	format "github.com/xitongsys/parquet-go/parquet"
)

// flatPage is a page of a flat column: https://parquet.apache.org/docs/file-format/data-pages/.
type flatPage struct {
	dictionary bool // values that codes stand for
	second     bool // a data page of version 2: levels stand before the compressed part
	coded      bool // values are codes into the dictionary
	plain      bool // the body is not compressed, whatever the chunk's codec
	levels     int  // bytes of levels before the compressed part
	rows       int  // or values of the dictionary
	size       int  // bytes of the body once decompressed
	body       []byte
}

// scanPages reads the headers of a column chunk's pages. It returns nil if one cannot be read here, or if they do not hold that many rows.
func (c *flatColumn) scanPages(data []byte, rows int64) []flatPage {
	var pages []flatPage
	for len(data) > 0 && rows > 0 {
		buf := &thrift.TMemoryBuffer{Buffer: bytes.NewBuffer(data)}
		h := format.NewPageHeader()
		if err := h.Read(context.Background(), thrift.NewTCompactProtocolConf(buf, nil)); err != nil {
			return nil
		}
		data = data[len(data)-buf.Len():]
		size := int(h.CompressedPageSize)
		if size < 0 || size > len(data) || h.UncompressedPageSize < 0 || h.UncompressedPageSize > maxFlatPage {
			return nil
		}
		p, ok := flatPageOf(h, len(pages) == 0)
		if !ok || p.rows < 0 || p.rows > maxFlatPage/c.width || p.levels < 0 || p.levels > min(size, p.size) || !c.optional && p.levels > 0 {
			return nil
		}
		p.body, data = data[:size], data[size:]
		pages = append(pages, p)
		if !p.dictionary {
			rows -= int64(p.rows)
		}
	}
	if rows != 0 {
		return nil
	}
	return pages
}

// flatPageOf is what a page's header says; ok is false where the page is of a kind that is not read here.
func flatPageOf(h *format.PageHeader, first bool) (p flatPage, ok bool) {
	p.size = int(h.UncompressedPageSize)
	switch d1, d2, dict := h.DataPageHeader, h.DataPageHeaderV2, h.DictionaryPageHeader; {
	case h.Type == format.PageType_DICTIONARY_PAGE && dict != nil:
		p.dictionary, p.rows = true, int(dict.NumValues)
		return p, first && (dict.Encoding == format.Encoding_PLAIN || dict.Encoding == format.Encoding_PLAIN_DICTIONARY)
	case h.Type == format.PageType_DATA_PAGE && d1 != nil:
		p.rows = int(d1.NumValues)
		p.coded, ok = codedOrPlain(d1.Encoding)
		return p, ok && d1.DefinitionLevelEncoding == format.Encoding_RLE
	case h.Type == format.PageType_DATA_PAGE_V2 && d2 != nil:
		p.second, p.plain, p.rows, p.levels = true, !d2.IsCompressed, int(d2.NumRows), int(d2.DefinitionLevelsByteLength)
		p.coded, ok = codedOrPlain(d2.Encoding)
		return p, ok && d2.RepetitionLevelsByteLength == 0 && d2.NumRows == d2.NumValues
	}
	return p, false
}

// codedOrPlain tells which of the two encodings that are read here it is.
func codedOrPlain(e format.Encoding) (coded, ok bool) {
	coded = e == format.Encoding_RLE_DICTIONARY || e == format.Encoding_PLAIN_DICTIONARY
	return coded, coded || e == format.Encoding_PLAIN
}

// aligned tells whether values of a width may be used where they stand.
func aligned(values []byte, width int) bool {
	return uintptr(unsafe.Pointer(unsafe.SliceData(values)))%uintptr(width) == 0
}

// definedBits turns definition levels of 0 (missing) and 1 into a bitmap and counts the values that are present.
func definedBits(levels []byte, rows int) (bitmap []byte, present int, err error) {
	bitmap = make([]byte, (rows+7)/8)
	same := func(at, n int, level uint32) {
		if level > 0 {
			present += n
			bitutil.SetBitsTo(bitmap, int64(at), int64(n), true)
		}
	}
	mixed := func(at int, levels []uint32) {
		for i, level := range levels {
			bit := level & 1
			present += int(bit)
			bitmap[(at+i)/8] |= byte(bit << ((at + i) % 8))
		}
	}
	return bitmap, present, eachRun(levels, 1, rows, same, mixed)
}

// fromDictionary looks values up. The first byte is the width of a code in bits.
func (c *flatColumn) fromDictionary(codes []byte, count int) ([]byte, error) {
	if count == 0 {
		return nil, nil
	}
	if len(codes) == 0 {
		return nil, errShortRun
	}
	if c.width == 8 {
		return lookUp[uint64](c.dict, codes[1:], int(codes[0]), count)
	}
	return lookUp[uint32](c.dict, codes[1:], int(codes[0]), count)
}

func lookUp[V uint32 | uint64](dictionary, codes []byte, width, count int) ([]byte, error) {
	out := make([]V, count)
	dict, outside := valuesOf[V](dictionary), false
	same := func(at, n int, code uint32) {
		if uint64(code) >= uint64(len(dict)) {
			outside = true
			return
		}
		value := dict[code]
		for i := range out[at : at+n] {
			out[at+i] = value
		}
	}
	mixed := func(at int, codes []uint32) {
		to := out[at : at+len(codes)]
		for i, code := range codes {
			if uint64(code) >= uint64(len(dict)) {
				outside = true
				return
			}
			to[i] = dict[code]
		}
	}
	if err := eachRun(codes, width, count, same, mixed); err != nil {
		return nil, err
	}
	if outside {
		return nil, errNoCode
	}
	return bytesOf(out), nil
}

// valuesOf sees aligned bytes as values.
func valuesOf[V uint32 | uint64](b []byte) []V {
	var v V
	return unsafe.Slice((*V)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/int(unsafe.Sizeof(v)))
}

// spread leaves room where values are missing.
func spread[V uint32 | uint64](values, bitmap []byte, rows int) []byte {
	out, from := make([]V, rows), valuesOf[V](values)
	for i, b := range bitmap {
		for ; b != 0; b &= b - 1 {
			out[i*8+bits.TrailingZeros8(b)] = from[0]
			from = from[1:]
		}
	}
	return bytesOf(out)
}
