package dataset

import (
	"context"
	"io"
)

// Blocks double in size from the first to the largest, in bytes.
const (
	firstBlock = 4 << 10
	doublings  = 8 // to 1 MiB
)

// blocks is bytes in pieces: while a slice grows, it holds up to three times as much. It is an Object, too.
type blocks struct {
	pieces [][]byte
	used   int // pieces that hold something
	size   int64
}

func (b *blocks) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		if b.used == 0 || len(b.pieces[b.used-1]) == cap(b.pieces[b.used-1]) {
			b.next()
		}
		last := &b.pieces[b.used-1]
		n := min(len(rest), cap(*last)-len(*last))
		*last = append(*last, rest[:n]...)
		rest = rest[n:]
	}
	b.size += int64(len(p))
	return len(p), nil
}

// next goes on to another piece.
func (b *blocks) next() {
	if b.used == len(b.pieces) {
		b.pieces = append(b.pieces, make([]byte, 0, firstBlock<<min(b.used, doublings)))
	}
	b.used++
}

// reset empties it and keeps its memory.
func (b *blocks) reset() {
	for i := range b.pieces {
		b.pieces[i] = b.pieces[i][:0]
	}
	b.used, b.size = 0, 0
}

// each calls f with the pieces of a range.
func (b *blocks) each(offset, length int64, f func([]byte) error) error {
	for _, piece := range b.pieces[:b.used] {
		have := int64(len(piece))
		if length > 0 && offset < have {
			part := piece[offset:min(have, offset+length)]
			if err := f(part); err != nil {
				return err
			}
			length -= int64(len(part))
		}
		offset = max(0, offset-have)
	}
	if length > 0 {
		return io.ErrUnexpectedEOF
	}
	return nil
}

func (b *blocks) ReadAt(p []byte, offset int64) (n int, err error) {
	err = b.each(offset, int64(len(p)), func(part []byte) error {
		n += copy(p[n:], part)
		return nil
	})
	return n, err
}

func (*blocks) Name() string  { return "memory" }
func (b *blocks) Size() int64 { return b.size }

func (b *blocks) Open(_ context.Context, offset, length int64) (io.ReadCloser, error) {
	if length == 0 {
		length = b.size - offset
	}
	return io.NopCloser(io.NewSectionReader(b, offset, length)), nil
}
