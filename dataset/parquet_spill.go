package dataset

import (
	"fmt"
	"os"

	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/bitutil"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// spill is a temporary file for values of columns that are decoded long before their rows are wanted.
type spill struct {
	file *os.File
	size int64
}

func newSpill() (*spill, error) {
	f, err := os.CreateTemp("", "batchmill-columns-*")
	if err != nil {
		return nil, &SpillError{err}
	}
	// Unlinked at once: a killed process leaves nothing behind.
	_ = os.Remove(f.Name())
	return &spill{file: f}, nil
}

// SpillError is a temporary file for columns that cannot be made, written or read. It says nothing of the input.
type SpillError struct{ Err error }

func (e *SpillError) Error() string {
	return fmt.Sprintf("dataset: temporary file for columns: %v", e.Err)
}
func (e *SpillError) Unwrap() error { return e.Err }

// add appends bytes and returns where they lie.
func (s *spill) add(b []byte) (offset int64, err error) {
	offset = s.size
	n, err := s.file.Write(b)
	s.size += int64(n)
	if err != nil {
		return offset, &SpillError{err}
	}
	return offset, nil
}

func (s *spill) close() {
	if s != nil {
		_ = s.file.Close() // nothing in it is wanted any more
	}
}

// spilledColumn reads a column of plain numbers out of a spill.
type spilledColumn struct {
	typ   DataType
	width int // bytes of a value
	spill *spill
	pages []spilledPage // whose rows are not all read
	at    int           // rows read of the first
}

type spilledPage struct {
	rows   int
	offset int64  // of the values
	bits   []byte // of those that are there; nil if all are
}

// spillFlat decodes all of a column into a spill.
func spillFlat(c *flatColumn, to *spill) (*spilledColumn, error) {
	s := &spilledColumn{typ: c.typ, width: c.width, spill: to}
	for len(c.pages) > 0 {
		page, err := c.page()
		if err != nil {
			return nil, err
		}
		p := spilledPage{rows: page.Len()}
		if bits := page.Data().Buffers()[0]; bits != nil {
			p.bits = bits.Bytes()
		}
		if p.offset, err = to.add(page.Data().Buffers()[1].Bytes()); err != nil {
			return nil, err
		}
		s.pages = append(s.pages, p)
		page.Release()
	}
	return s, nil
}

func (s *spilledColumn) next(rows int) (Column, error) {
	values := make([]byte, rows*s.width)
	var bits []byte
	for done := 0; done < rows; {
		if len(s.pages) == 0 {
			return nil, errShortChunk
		}
		p := &s.pages[0]
		n := min(rows-done, p.rows-s.at)
		if _, err := s.spill.file.ReadAt(values[done*s.width:(done+n)*s.width], p.offset+int64(s.at*s.width)); err != nil {
			return nil, &SpillError{err}
		}
		if p.bits != nil && bits == nil {
			bits = make([]byte, bitutil.BytesForBits(int64(rows)))
			bitutil.SetBitsTo(bits, 0, int64(done), true)
		}
		if p.bits != nil {
			bitutil.CopyBitmap(p.bits, s.at, n, bits, done)
		} else if bits != nil {
			bitutil.SetBitsTo(bits, int64(done), int64(n), true)
		}
		done += n
		if s.at += n; s.at == p.rows {
			s.pages, s.at = s.pages[1:], 0
		}
	}
	return s.column(values, bits, rows), nil
}

func (s *spilledColumn) column(values, bits []byte, rows int) Column {
	buffers, missing := []*memory.Buffer{nil, memory.NewBufferBytes(values)}, 0
	if bits != nil {
		if missing = rows - bitutil.CountSetBits(bits, 0, rows); missing > 0 {
			buffers[0] = memory.NewBufferBytes(bits)
		}
	}
	return array.MakeFromData(array.NewData(s.typ, rows, buffers, nil, missing, 0))
}

func (s *spilledColumn) close() { s.pages = nil }
