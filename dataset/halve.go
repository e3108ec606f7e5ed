package dataset

import (
	"context"
	"errors"
	"io"
)

// Half is the answer of Halve.
type Half struct {
	// Front and Back together are the unit; nil if it holds one record.
	Front, Back *Unit
	// First is the unit's first record alone, without what stands above it or between it and the next; nil if there is none.
	First *Unit
}

// Halve cuts a unit of a line format at the record bound nearest behind its middle, by its line ends and quotes alone: for finding a
// record that cannot be parsed. ok is false where a unit's bytes cannot be addressed: other formats, and compressed objects; and for JSON
// documents, in which a line may hold any number of records.
func Halve(ctx context.Context, obj Object, m Media, u Unit) (h Half, ok bool, err error) {
	if !m.Format.Lines() || m.Format == JSON || m.Compression == Gzip || m.Compression == Zstd {
		return h, false, nil
	}
	if m.Compression == CompressionAuto {
		kind, err := objectCompression(ctx, obj)
		if err != nil || kind != CompressionNone {
			return h, false, err
		}
		m.Compression = CompressionNone
	}
	if m, _, err = ReadHeader(ctx, obj, m); err != nil {
		return h, false, err
	}
	stream, err := openLines(ctx, obj, m, u.Offset, u.Length)
	if err != nil {
		return h, false, err
	}
	defer stream.Close()
	s := newRecordScanner(stream, obj.Name(), rulesOf(m), u.Offset, u.FirstLine)
	if u.Offset == 0 {
		if _, err := s.top(&m); err != nil {
			return h, false, err
		}
	}
	err = h.scan(s, u)
	return h, err == nil, err
}

// scan reads records until it has found where to cut.
func (h *Half) scan(s *recordScanner, u Unit) error {
	var last record
	rows := int64(0)
	for {
		rec, err := s.next()
		if errors.Is(err, io.EOF) {
			if rows > 1 { // the middle lies in the last record
				h.cut(u, last, rows-1)
			}
			return nil
		}
		if err != nil {
			return err
		}
		if rows == 0 {
			h.First = &Unit{Index: u.Index, Offset: rec.offset, Length: rec.end - rec.offset, Bytes: rec.end - rec.offset, FirstRow: u.FirstRow, Rows: 1, FirstLine: rec.line}
		} else if rec.offset >= u.Offset+u.Length/2 {
			h.cut(u, rec, rows)
			return nil
		}
		last = rec
		rows++
	}
}

// cut ends the front before a record that has so many others before it.
func (h *Half) cut(u Unit, at record, rows int64) {
	front, back := u, u
	front.Length, front.Rows = at.offset-u.Offset, rows
	front.Bytes = front.Length
	back.Offset, back.Length, back.FirstRow, back.FirstLine = at.offset, u.Offset+u.Length-at.offset, u.FirstRow+rows, at.line
	back.Bytes = back.Length
	if u.Rows >= 0 {
		back.Rows = u.Rows - rows
	}
	h.Front, h.Back = &front, &back
}
