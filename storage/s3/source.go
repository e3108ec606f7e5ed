package s3

import (
	"context"
	"fmt"
	"io"

	"github.com/batchmill/batchmill/storage"
)

// firstBuffer is what a piece of unknown length starts with, before it gets a whole part's buffer: many objects of unknown size
// turn out to be small.
const firstBuffer = 256 << 10

// source cuts a reader into pieces, knowing after each whether it was the last. Only a bare io.EOF is an end: whatever else
// the reader returns, io.ErrUnexpectedEOF and wrapped EOFs included, is a failure of the content and must not be published.
type source struct {
	ctx  context.Context
	uri  storage.URI
	r    io.Reader
	lend func(size int64) []byte // makes buffers of one part
	left int64                   // bytes still declared, -1 where the size is unknown
	peek []byte
	done bool
}

// next reads up to limit bytes into buf's storage, growing it as needed. last says that nothing follows.
func (s *source) next(buf []byte, limit int64) (piece []byte, last bool, err error) {
	if s.left >= 0 {
		limit = min(limit, s.left)
	}
	piece = append(buf[:0], s.peek...)
	s.peek = nil
	for int64(len(piece)) < limit && !s.done {
		if len(piece) == cap(piece) {
			piece = s.grow(piece, limit)
		}
		n, err := s.read(piece[len(piece):min(int64(cap(piece)), limit)])
		piece = piece[:len(piece)+n]
		if err != nil {
			return nil, false, err
		}
	}
	if err := s.look(); err != nil {
		return nil, false, err
	}
	return piece, s.done && len(s.peek) == 0, s.account(int64(len(piece)))
}

func (s *source) grow(piece []byte, limit int64) []byte {
	var bigger []byte
	switch {
	case s.left >= 0 && s.left < limit:
		bigger = make([]byte, 0, s.left)
	case s.left < 0 && len(piece) < firstBuffer:
		bigger = make([]byte, 0, min(firstBuffer, limit))
	default:
		bigger = s.lend(limit)
	}
	return append(bigger, piece...)
}

// look reads one byte ahead, so that the last piece is known as such.
func (s *source) look() error {
	var one [1]byte
	for !s.done && len(s.peek) == 0 {
		n, err := s.read(one[:])
		if err != nil {
			return err
		}
		s.peek = append(s.peek, one[:n]...)
	}
	return nil
}

func (s *source) read(p []byte) (int, error) {
	for range 100 {
		if err := s.ctx.Err(); err != nil {
			return 0, &storage.OpError{Op: "put", URI: s.uri, Err: err}
		}
		n, err := s.r.Read(p)
		switch {
		case err == io.EOF:
			s.done = true
			return n, nil
		case err != nil:
			return n, &storage.OpError{Op: "put", URI: s.uri, Err: fmt.Errorf("read content: %w", err)}
		case n > 0:
			return n, nil
		}
	}
	return 0, &storage.OpError{Op: "put", URI: s.uri, Err: fmt.Errorf("read content: %w", io.ErrNoProgress)}
}

// account compares what came with what was declared.
func (s *source) account(n int64) error {
	if s.left < 0 {
		return nil
	}
	s.left -= n
	if s.left < 0 || s.done && len(s.peek) == 0 && s.left > 0 || s.left == 0 && len(s.peek) > 0 {
		return &storage.OpError{Op: "put", URI: s.uri, Kind: storage.ErrSize}
	}
	return nil
}
