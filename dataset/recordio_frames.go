package dataset

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// RecordIO frames (contract of SageMaker's built-in algorithms; dmlc-core's src/recordio.cc): four bytes of magic, four with the
// part in the upper 3 bits and the payload's length in the others, the payload, zeros up to a multiple of 4. All little endian.
// A payload that holds the magic may be written in parts, the magic between two of them left out.
const (
	recordMagic     = 0xCED7230A
	recordAlign     = 4
	recordPartBits  = 29
	recordWhole     = 0
	recordFirst     = 1
	recordMiddle    = 2
	recordLast      = 3
	recordReadBytes = 1 << 20 // read at a time, so that a false length costs no memory
)

// frameReader cuts a stream into records.
type frameReader struct {
	r      io.Reader
	buf    []byte
	offset int64 // of the next byte within the object
}

// frameSource takes frames for records.
type frameSource struct {
	frameReader
	name string
}

func (f *frameSource) top(*Media) ([]string, error) { return nil, nil }

func (f *frameSource) next() (record, error) {
	start := f.offset
	payload, err := f.frameReader.next()
	return record{text: payload, offset: start, end: f.offset}, recordFault(f.name, 0, err)
}

// errFrame is what is wrong with a frame. Nothing after it can be found.
type errFrame struct{ reason string }

func (e *errFrame) Error() string { return e.reason }

// next returns the next record's payload, valid until the next call, or io.EOF.
func (f *frameReader) next() ([]byte, error) {
	f.buf = f.buf[:0]
	for parts := 0; ; parts++ {
		part, length, err := f.head(parts > 0)
		if err != nil {
			return nil, err
		}
		if inside := part == recordMiddle || part == recordLast; inside != (parts > 0) || part > recordLast {
			return nil, &errFrame{fmt.Sprintf("the record's parts are out of order (continuation flag %d)", part)}
		}
		if parts > 0 {
			f.buf = binary.LittleEndian.AppendUint32(f.buf, recordMagic)
		}
		if err := f.payload(length); err != nil {
			return nil, err
		}
		if part == recordWhole || part == recordLast {
			return f.buf, nil
		}
	}
}

// head reads a frame's first eight bytes.
func (f *frameReader) head(inside bool) (part, length int, err error) {
	var head [8]byte
	n, err := io.ReadFull(f.r, head[:])
	f.offset += int64(n)
	switch {
	case err == io.EOF && !inside:
		return 0, 0, io.EOF
	case err == io.EOF || err == io.ErrUnexpectedEOF:
		return 0, 0, &errFrame{fmt.Sprintf("the object ends after %d of the 8 bytes of a record's head", n)}
	case err != nil:
		return 0, 0, err
	}
	if magic := binary.LittleEndian.Uint32(head[:]); magic != recordMagic {
		return 0, 0, &errFrame{fmt.Sprintf("a record starts with 0x%08X, not with RecordIO's 0x%08X", magic, uint32(recordMagic))}
	}
	word := binary.LittleEndian.Uint32(head[4:])
	return int(word >> recordPartBits), int(word & (1<<recordPartBits - 1)), nil
}

// payload appends a payload of length bytes to f.buf, and skips the padding.
func (f *frameReader) payload(length int) error {
	if len(f.buf)+length > maxRecordBytes {
		return &errFrame{fmt.Sprintf("the record is longer than %d MiB", maxRecordBytes>>20)}
	}
	for rest := length; rest > 0; {
		n := min(rest, recordReadBytes)
		at := len(f.buf)
		f.buf = append(f.buf, make([]byte, n)...)
		got, err := io.ReadFull(f.r, f.buf[at:])
		f.offset += int64(got)
		if err != nil {
			return cutShort(err, length-rest+got, length)
		}
		rest -= n
	}
	var padding [recordAlign]byte
	n, err := io.ReadFull(f.r, padding[:-length&(recordAlign-1)])
	f.offset += int64(n)
	if err != nil {
		return cutShort(err, length, length)
	}
	return nil
}

func cutShort(err error, got, length int) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &errFrame{fmt.Sprintf("the object ends inside the record, after %d of %d bytes and their padding", got, length)}
	}
	return err
}

// appendFrame writes a record whole, as SageMaker's writers do.
func appendFrame(dst, payload []byte) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, recordMagic)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(payload)))
	dst = append(dst, payload...)
	return append(dst, make([]byte, -len(payload)&(recordAlign-1))...)
}
