package dataset

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"
)

const (
	readThrough  = 1 << 20  // unwanted bytes between two wanted ranges that are read rather than skipped
	memoryBuffer = 16 << 10 // buffer over fetched segments
	streamBuffer = 2 << 20  // what is read of a column at a time where a row group is too large to hold
)

// segment is a fetched byte range.
type segment struct {
	offset int64
	data   []byte
}

// parquetSource is the bytes of one row group: fetched segments, or the object itself for a row group too large to hold.
// The Arrow library reads it as a file.
type parquetSource struct {
	size     int64
	segments []segment // in order
	ctx      context.Context
	direct   Object // nil unless streamed

	mu  sync.Mutex
	err error // first error of the store
}

func (s *parquetSource) streamed() bool { return s.direct != nil }

func (s *parquetSource) bytes() int64 {
	if s.direct != nil {
		return inFlight
	}
	var n int64
	for _, seg := range s.segments {
		n += int64(len(seg.data))
	}
	return n
}

func (s *parquetSource) failed() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// fail notes an error of the store.
func (s *parquetSource) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = err
	}
}

// at finds the segment that holds an offset.
func (s *parquetSource) at(offset int64) (i int, exact bool) {
	return slices.BinarySearchFunc(s.segments, offset, func(seg segment, off int64) int {
		switch {
		case seg.offset+int64(len(seg.data)) <= off:
			return -1
		case seg.offset > off:
			return 1
		}
		return 0
	})
}

// slice is a range of the object if it was fetched in one piece, else nil.
func (s *parquetSource) slice(from, to int64) []byte {
	i, exact := s.at(from)
	if !exact || to > s.segments[i].offset+int64(len(s.segments[i].data)) {
		return nil
	}
	seg := s.segments[i]
	return seg.data[from-seg.offset : to-seg.offset]
}

func (s *parquetSource) ReadAt(b []byte, offset int64) (int, error) {
	i, exact := s.at(offset)
	if exact {
		seg := s.segments[i]
		n := copy(b, seg.data[offset-seg.offset:])
		if n < len(b) {
			return n, io.ErrUnexpectedEOF
		}
		return n, nil
	}
	if s.direct == nil {
		return 0, io.ErrUnexpectedEOF
	}
	length := min(int64(len(b)), s.size-offset)
	if length <= 0 {
		return 0, io.EOF
	}
	data, err := readRange(s.ctx, s.direct, offset, length)
	if err != nil {
		s.fail(err)
		return 0, err
	}
	n := copy(b, data)
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

var errNoStream = errors.New("dataset: a Parquet source is read by position")

func (s *parquetSource) Read([]byte) (int, error) { return 0, errNoStream }

func (s *parquetSource) Seek(offset int64, whence int) (int64, error) {
	if whence == io.SeekEnd {
		return s.size + offset, nil
	}
	return offset, nil
}

// wantedRanges is the byte ranges of a row group's wanted columns, in order, small gaps filled.
func (p *parquetReader) wantedRanges(group int) [][2]int64 {
	var ranges [][2]int64
	for _, f := range p.fields {
		for _, l := range p.footer.leaves(f) {
			from, to, err := p.footer.chunkRange(group, l)
			if err == nil && to > from {
				ranges = append(ranges, [2]int64{from, to})
			}
		}
	}
	slices.SortFunc(ranges, func(a, b [2]int64) int { return int(min(max(a[0]-b[0], -1), 1)) })
	merged := ranges[:0]
	for _, r := range ranges {
		if n := len(merged); n > 0 && r[0]-merged[n-1][1] <= readThrough {
			merged[n-1][1] = max(merged[n-1][1], r[1])
			continue
		}
		merged = append(merged, r)
	}
	return merged
}

func (p *parquetReader) wantedBytes(group int) int64 {
	var n int64
	for _, r := range p.wantedRanges(group) {
		n += r[1] - r[0]
	}
	return n
}

// fetch gets a row group's wanted bytes, one range read after the other.
func (p *parquetReader) fetch(group int) (*parquetSource, error) {
	s := &parquetSource{size: p.footer.size, ctx: p.ctx}
	if p.wantedBytes(group) > p.bound {
		s.direct = p.obj
		return s, nil
	}
	tail := segment{offset: p.footer.tailOffset(), data: p.footer.tail}
	for _, r := range p.wantedRanges(group) {
		from, to := r[0], r[1]
		if from >= tail.offset {
			s.segments = append(s.segments, segment{from, tail.data[from-tail.offset : to-tail.offset]})
			continue
		}
		data, err := readRange(p.ctx, p.obj, from, to-from)
		if err != nil {
			return nil, err
		}
		s.segments = append(s.segments, segment{from, data})
	}
	return s, nil
}
