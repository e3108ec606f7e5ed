package dataset

import (
	"encoding/binary"
	"errors"
)

var (
	errShortChunk = errors.New("a column chunk ends early")
	errShortRun   = errors.New("the runs of a page end early")
	errNoCode     = errors.New("a page has codes that its dictionary lacks")
	errWidth      = errors.New("a page has codes of more than 32 bits")
)

// packedMost is how many packed numbers are told at a time.
const packedMost = 512

// eachRun reads count numbers of width bits in Parquet's hybrid of run lengths and packed bits
// (https://parquet.apache.org/docs/file-format/data-pages/encodings/#RLE). same tells of n equal ones, mixed of several; at is the number of
// the first.
func eachRun(data []byte, width, count int, same func(at, n int, value uint32), mixed func(at int, values []uint32)) error {
	if width > 32 {
		return errWidth
	}
	var values [packedMost]uint32
	for at := 0; at < count; {
		header, used := binary.Uvarint(data)
		if used <= 0 {
			return errShortRun
		}
		data = data[used:]
		left := uint64(count - at)
		if header&1 == 0 { // equal numbers
			n, size := int(min(header>>1, left)), (width+7)/8
			if len(data) < size || n == 0 {
				return errShortRun
			}
			same(at, n, bitsAt(data[:size], 0, width))
			at, data = at+n, data[size:]
			continue
		}
		groups := int(min(header>>1, left)) // of eight; more than are left say nothing
		size := min(groups*width, len(data))
		n := min(groups*8, int(left))
		if n == 0 || size*8 < n*width {
			return errShortRun
		}
		for from := 0; from < n; from += packedMost {
			some := values[:min(packedMost, n-from)]
			unpack(some, data[:size], from*width, width)
			mixed(at+from, some)
		}
		at, data = at+n, data[size:]
	}
	return nil
}

// unpack reads packed numbers from bit number at on.
func unpack(values []uint32, data []byte, at, width int) {
	mask := uint64(1)<<width - 1
	for i := range values {
		from := at >> 3
		if from+8 > len(data) {
			values[i] = bitsAt(data, at, width)
		} else {
			values[i] = uint32(binary.LittleEndian.Uint64(data[from:]) >> (at & 7) & mask)
		}
		at += width
	}
}

// bitsAt reads a number of up to 32 bits, least significant first.
func bitsAt(data []byte, at, width int) uint32 {
	var word [8]byte
	copy(word[:], data[at/8:])
	return uint32(binary.LittleEndian.Uint64(word[:]) >> (at % 8) & (1<<width - 1))
}
