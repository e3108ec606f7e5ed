package modelfile

import (
	"encoding/binary"
	"fmt"
	"math"
)

// parseUBJSON reads Universal Binary JSON (https://ubjson.org, draft 12) incl. its typed arrays.
func parseUBJSON(data []byte) (any, error) {
	p := &ubjsonParser{data: data}
	marker, err := p.marker()
	if err != nil {
		return nil, err
	}
	v, err := p.value(marker, 0)
	if err != nil {
		return nil, err
	}
	if p.pos != len(data) {
		return nil, p.errorf("bytes after the end")
	}
	return v, nil
}

type ubjsonParser struct {
	data []byte
	pos  int
}

func (p *ubjsonParser) errorf(format string, args ...any) error {
	return &Error{Reason: fmt.Sprintf("byte %d: ", p.pos) + fmt.Sprintf(format, args...)}
}

func (p *ubjsonParser) take(n int) ([]byte, error) {
	if n < 0 || n > len(p.data)-p.pos {
		return nil, p.errorf("ends too early")
	}
	b := p.data[p.pos : p.pos+n]
	p.pos += n
	return b, nil
}

// marker returns the next type byte; 'N' is filler.
func (p *ubjsonParser) marker() (byte, error) {
	for {
		b, err := p.take(1)
		if err != nil {
			return 0, err
		}
		if b[0] != 'N' {
			return b[0], nil
		}
	}
}

func (p *ubjsonParser) value(marker byte, depth int) (any, error) {
	if depth > maxNesting {
		return nil, p.errorf("nested too deeply")
	}
	switch marker {
	case 'Z':
		return nil, nil
	case 'T':
		return true, nil
	case 'F':
		return false, nil
	case 'S', 'H':
		return p.string()
	case 'C':
		b, err := p.take(1)
		return string(b), err
	case '[':
		return p.array(depth)
	case '{':
		return p.object(depth)
	}
	size := numberSize(marker)
	if size == 0 {
		return nil, p.errorf("unknown type %q", marker)
	}
	b, err := p.take(size)
	if err != nil {
		return nil, err
	}
	return decodeNumber(marker, b), nil
}

// numberSize is the size of a number type in bytes, 0 for other types.
func numberSize(marker byte) int {
	switch marker {
	case 'i', 'U':
		return 1
	case 'I':
		return 2
	case 'l', 'd':
		return 4
	case 'L', 'D':
		return 8
	}
	return 0
}

func decodeNumber(marker byte, b []byte) float64 {
	switch marker {
	case 'i':
		return float64(int8(b[0]))
	case 'U':
		return float64(b[0])
	case 'I':
		return float64(int16(binary.BigEndian.Uint16(b)))
	case 'l':
		return float64(int32(binary.BigEndian.Uint32(b)))
	case 'L':
		return float64(int64(binary.BigEndian.Uint64(b)))
	case 'd':
		return float64(math.Float32frombits(binary.BigEndian.Uint32(b)))
	}
	return math.Float64frombits(binary.BigEndian.Uint64(b))
}

func (p *ubjsonParser) length() (int, error) {
	marker, err := p.marker()
	if err != nil {
		return 0, err
	}
	size := numberSize(marker)
	if size == 0 || marker == 'd' || marker == 'D' {
		return 0, p.errorf("bad length")
	}
	b, err := p.take(size)
	if err != nil {
		return 0, err
	}
	n := decodeNumber(marker, b)
	if n < 0 || n > float64(len(p.data)) {
		return 0, p.errorf("length %g is longer than the file", n)
	}
	return int(n), nil
}

func (p *ubjsonParser) string() (string, error) {
	n, err := p.length()
	if err != nil {
		return "", err
	}
	b, err := p.take(n)
	return string(b), err
}

// header reads the optional "$type" and "#count" of a container; count is -1 where there is none.
func (p *ubjsonParser) header() (marker byte, count int, err error) {
	count = -1
	if p.pos < len(p.data) && p.data[p.pos] == '$' {
		p.pos++
		b, err := p.take(1)
		if err != nil {
			return 0, 0, err
		}
		marker = b[0]
	}
	if p.pos < len(p.data) && p.data[p.pos] == '#' {
		p.pos++
		count, err = p.length()
	} else if marker != 0 {
		err = p.errorf("typed container without a count")
	}
	return marker, count, err
}

func (p *ubjsonParser) array(depth int) (any, error) {
	marker, count, err := p.header()
	if err != nil {
		return nil, err
	}
	if size := numberSize(marker); size > 0 {
		if count > (len(p.data)-p.pos)/size {
			return nil, p.errorf("array is longer than the file")
		}
		numbers := make([]float64, count)
		for i := range numbers {
			numbers[i] = decodeNumber(marker, p.data[p.pos+i*size:])
		}
		p.pos += count * size
		return numbers, nil
	}
	if marker == 'Z' || marker == 'T' || marker == 'F' || marker == 'N' {
		return nil, p.errorf("array of %q without content", marker) // a few bytes could claim any number of elements
	}
	list := arrayBuilder{}
	err = p.each(marker, count, ']', func(m byte) error {
		v, err := p.value(m, depth+1)
		list.add(v)
		return err
	})
	return list.done(), err
}

func (p *ubjsonParser) object(depth int) (any, error) {
	o := &object{values: map[string]any{}}
	marker, count, err := p.header()
	if err != nil {
		return nil, err
	}
	for i := 0; count < 0 || i < count; i++ {
		if count < 0 && p.pos < len(p.data) && p.data[p.pos] == '}' {
			p.pos++
			break
		}
		name, err := p.string()
		if err != nil {
			return nil, err
		}
		m := marker
		if m == 0 {
			if m, err = p.marker(); err != nil {
				return nil, err
			}
		}
		if o.values[name], err = p.value(m, depth+1); err != nil {
			return nil, err
		}
	}
	return o, nil
}

// each calls visit with the type of each element, up to count or to the closing byte.
func (p *ubjsonParser) each(marker byte, count int, end byte, visit func(marker byte) error) error {
	for i := 0; count < 0 || i < count; i++ {
		m := marker
		if m == 0 {
			var err error
			if m, err = p.marker(); err != nil {
				return err
			}
			if count < 0 && m == end {
				return nil
			}
		}
		if err := visit(m); err != nil {
			return err
		}
	}
	return nil
}
