package dataset

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"strings"
)

// splitCSV cuts a record into fields, appended to dst, which it returns. Quoted fields are unquoted; a field with doubled
// quotes is copied into *scratch, every other one is a part of text. A reason is returned for a record that RFC 4180 does not
// allow, with the index of the field.
func splitCSV(text []byte, delimiter byte, dst [][]byte, scratch *[]byte) (fields [][]byte, reason string, at int) {
	if bytes.IndexByte(text, '"') < 0 {
		return splitPlain(text, delimiter, dst), "", 0
	}
	*scratch = (*scratch)[:0]
	if cap(*scratch) < len(text) { // fields keep pointing into it, so it must not move
		*scratch = make([]byte, 0, len(text))
	}
	for {
		if len(text) == 0 || text[0] != '"' {
			field, rest, more := cutByte(text, delimiter)
			if bytes.IndexByte(field, '"') >= 0 {
				return dst, `a quote stands inside a field that is not quoted (write "" inside quotes)`, len(dst)
			}
			dst = append(dst, field)
			if !more {
				return dst, "", 0
			}
			text = rest
			continue
		}
		end := closingQuote(text, 1)
		if end < 0 {
			return dst, "a quoted field is not closed", len(dst)
		}
		field := text[1:end]
		if bytes.IndexByte(field, '"') >= 0 {
			from := len(*scratch)
			*scratch = appendUndoubled(*scratch, field)
			field = (*scratch)[from:]
		}
		dst = append(dst, field)
		text = text[end+1:]
		if len(text) == 0 {
			return dst, "", 0
		}
		if text[0] != delimiter {
			return dst, "text follows the closing quote of a field", len(dst) - 1
		}
		text = text[1:]
	}
}

// splitPlain cuts a record without quotes, eight bytes at a time.
func splitPlain(text []byte, delimiter byte, dst [][]byte) [][]byte {
	from, i, wanted := 0, 0, everyByte*uint64(delimiter)
	for ; i+8 <= len(text); i += 8 {
		for found := zeroBytes(binary.LittleEndian.Uint64(text[i:]) ^ wanted); found != 0; found &= found - 1 {
			at := i + bits.TrailingZeros64(found)/8
			dst = append(dst, text[from:at:at])
			from = at + 1
		}
	}
	for ; i < len(text); i++ {
		if text[i] == delimiter {
			dst = append(dst, text[from:i:i])
			from = i + 1
		}
	}
	return append(dst, text[from:])
}

// everyByte has a 1 in each of its bytes.
const everyByte = 0x0101010101010101

// zeroBytes sets the highest bit of every byte that is zero, and no other.
func zeroBytes(x uint64) uint64 {
	const low = 0x7f * everyByte
	return ^((x&low + low) | x | low)
}

func cutByte(text []byte, c byte) (before, after []byte, found bool) {
	if i := bytes.IndexByte(text, c); i >= 0 {
		return text[:i], text[i+1:], true
	}
	return text, nil, false
}

func appendUndoubled(dst, field []byte) []byte {
	for {
		i := bytes.IndexByte(field, '"')
		if i < 0 {
			return append(dst, field...)
		}
		dst = append(dst, field[:i+1]...)
		field = field[i+2:]
	}
}

const sniffBytes = 32 << 10

// sniffDelimiter picks the most frequent of , ; TAB | in the first line, quoted parts left out; comma if there is none.
// It looks at no more than sniffBytes, so that everyone who looks sees the same.
func sniffDelimiter(top []byte) byte {
	top = top[:min(len(top), sniffBytes)]
	counts := map[byte]int{}
	quoted := false
	for _, c := range top {
		if c == '"' {
			quoted = !quoted
		}
		if quoted {
			continue
		}
		if c == '\n' {
			if len(counts) > 0 {
				break
			}
			continue
		}
		if strings.IndexByte(",;\t|", c) >= 0 {
			counts[c]++
		}
	}
	best := byte(',')
	for _, c := range []byte(",;\t|") {
		if counts[c] > counts[best] {
			best = c
		}
	}
	return best
}

// headerNames makes column names of a header record: an empty name becomes its position's, a repeated one is an error.
func headerNames(object string, fields [][]byte) ([]string, error) {
	names := make([]string, len(fields))
	seen := map[string]bool{}
	for i, f := range fields {
		names[i] = strings.TrimSpace(string(f))
		if names[i] == "" {
			names[i] = positionName(i)
		}
		if seen[names[i]] {
			return nil, &SchemaError{Object: object, Column: names[i], Reason: "two columns have this name"}
		}
		seen[names[i]] = true
	}
	return names, nil
}
