package storage

import "errors"

// Span resolves the options against an object of size bytes: the first byte and the one after the last. A suffix longer than
// the object is the whole object, and reading from the object's very end to its end is empty; any other range that does not
// lie within the object is refused (ok is false), because a reader never yields less than it was asked for.
func (o GetOptions) Span(size int64) (start, end int64, ok bool) {
	switch {
	case o.Length < 0, o.Offset < 0 && o.Length != 0:
		return 0, 0, false
	case o.Offset < 0:
		return max(size+o.Offset, 0), size, true
	case o.Offset > size, o.Length > size-o.Offset:
		return 0, 0, false
	case o.Length == 0:
		return o.Offset, size, true
	}
	return o.Offset, o.Offset + o.Length, true
}

// Size is the number of bytes the part adds to a composed object.
func (p Part) Size() int64 {
	if p.Source.IsZero() {
		return int64(len(p.Bytes))
	}
	return p.Length
}

// Validate refuses a part that says both literal and range, or a negative range.
func (p Part) Validate() error {
	switch {
	case p.Source.IsZero():
		return nil
	case len(p.Bytes) > 0:
		return errors.New("storage: part has both literal bytes and a source")
	case p.Offset < 0, p.Length < 0:
		return errors.New("storage: part has a negative range")
	}
	return nil
}
