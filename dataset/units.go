package dataset

import (
	"context"
	"io"
)

// DefaultUnitBytes is the size units of line formats are cut to where nothing is said.
const DefaultUnitBytes = 16 << 20

// Units cuts an object into its smallest pieces. Parquet: one unit per row group, from the footer alone. Uncompressed CSV, JSON,
// JSON Lines, libsvm and RecordIO: an object of at most target bytes (0: DefaultUnitBytes) is one unit and is not read; a larger one is read
// once and cut at the first record bound at or after each multiple of target, a line end inside quotes being no bound. Anything
// else is one unit. An object without records has no units, except that a small one is not looked into.
// JSON documents are cut between their records, or, where each line is one, between lines; RecordIO between its records.
//
// A unit with Offset 0 holds whatever stands above the first record (byte order mark, header); no other does.
func Units(ctx context.Context, obj Object, m Media, target int64) ([]Unit, error) {
	if obj.Size() == 0 {
		return nil, nil
	}
	if m.Format == Parquet {
		return parquetUnits(ctx, obj)
	}
	if target <= 0 {
		target = DefaultUnitBytes
	}
	whole := Unit{Length: obj.Size(), Rows: -1, Bytes: obj.Size(), FirstLine: 1}
	if !m.Format.Lines() && m.Format != RecordIO || obj.Size() <= target || m.Compression == Gzip || m.Compression == Zstd {
		return []Unit{whole}, nil
	}
	if m.Compression == CompressionAuto {
		kind, err := objectCompression(ctx, obj)
		if err != nil {
			return nil, err
		}
		if kind != CompressionNone {
			return []Unit{whole}, nil
		}
		m.Compression = CompressionNone
	}
	return scanUnits(ctx, obj, m, target)
}

// scanUnits reads a line object through and cuts it.
func scanUnits(ctx context.Context, obj Object, m Media, target int64) ([]Unit, error) {
	stream, err := openLines(ctx, obj, m, 0, 0)
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	s := newRecordSource(stream, obj.Name(), m, nil, 0, 1)
	if _, err := s.top(&m); err != nil {
		return nil, err
	}
	var units []Unit
	var cur Unit
	rows, started := int64(0), false
	for {
		rec, err := s.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			if re, ok := err.(*RecordError); ok {
				re.Row = rows + 1
			}
			return nil, err
		}
		if started && rec.offset/target > cur.Offset/target {
			units = append(units, cur)
			started = false
		}
		if !started {
			cur = Unit{Index: len(units), Offset: rec.offset, FirstRow: rows, FirstLine: rec.line}
			started = true
		}
		rows++
		cur.Rows++
		cur.Length = rec.end - cur.Offset
		cur.Bytes = cur.Length
	}
	if started {
		units = append(units, cur)
	}
	return units, nil
}

// objectCompression looks at an object's first bytes.
func objectCompression(ctx context.Context, obj Object) (Compression, error) {
	r, err := obj.Open(ctx, 0, min(4, obj.Size()))
	if err != nil {
		return "", err
	}
	defer r.Close()
	head, err := io.ReadAll(r)
	if err != nil {
		return "", err
	}
	return sniffCompression(head), nil
}
