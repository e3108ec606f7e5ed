package modelfile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"
)

// parseJSON reads JSON as XGBoost writes it, which is JSON plus the bare words NaN, Infinity and -Infinity.
func parseJSON(data []byte) (any, error) {
	p := &jsonParser{data: data}
	v, err := p.value(0)
	if err != nil {
		return nil, err
	}
	if p.skip(); p.pos != len(data) {
		return nil, p.errorf("text after the end")
	}
	return v, nil
}

type jsonParser struct {
	data []byte
	pos  int
}

func (p *jsonParser) errorf(format string, args ...any) error {
	return &Error{Reason: fmt.Sprintf("byte %d: ", p.pos) + fmt.Sprintf(format, args...)}
}

func (p *jsonParser) skip() {
	for p.pos < len(p.data) && (p.data[p.pos] == ' ' || p.data[p.pos] == '\n' || p.data[p.pos] == '\t' || p.data[p.pos] == '\r') {
		p.pos++
	}
}

// next skips blanks and returns the byte there, 0 at the end.
func (p *jsonParser) next() byte {
	p.skip()
	if p.pos == len(p.data) {
		return 0
	}
	return p.data[p.pos]
}

func (p *jsonParser) value(depth int) (any, error) {
	if depth > maxNesting {
		return nil, p.errorf("nested too deeply")
	}
	switch c := p.next(); {
	case c == '{':
		return p.object(depth)
	case c == '[':
		return p.array(depth)
	case c == '"':
		return p.string()
	case c == 0:
		return nil, p.errorf("ends too early")
	case p.word("true"):
		return true, nil
	case p.word("false"):
		return false, nil
	case p.word("null"):
		return nil, nil
	default:
		return p.number()
	}
}

func (p *jsonParser) word(w string) bool {
	if bytes.HasPrefix(p.data[p.pos:], []byte(w)) {
		p.pos += len(w)
		return true
	}
	return false
}

func (p *jsonParser) object(depth int) (any, error) {
	o := &object{values: map[string]any{}}
	p.pos++
	if p.next() == '}' {
		p.pos++
		return o, nil
	}
	for {
		if p.next() != '"' {
			return nil, p.errorf("expected a member name")
		}
		name, err := p.string()
		if err != nil {
			return nil, err
		}
		if p.next() != ':' {
			return nil, p.errorf("expected ':'")
		}
		p.pos++
		if o.values[name], err = p.value(depth + 1); err != nil {
			return nil, err
		}
		switch p.next() {
		case ',':
			p.pos++
		case '}':
			p.pos++
			return o, nil
		default:
			return nil, p.errorf("expected ',' or '}'")
		}
	}
}

func (p *jsonParser) array(depth int) (any, error) {
	list := arrayBuilder{}
	p.pos++
	if p.next() == ']' {
		p.pos++
		return list.done(), nil
	}
	for {
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		list.add(v)
		switch p.next() {
		case ',':
			p.pos++
		case ']':
			p.pos++
			return list.done(), nil
		default:
			return nil, p.errorf("expected ',' or ']'")
		}
	}
}

// arrayBuilder keeps an array of numbers compact until something else turns up in it.
type arrayBuilder struct {
	numbers []float64
	mixed   []any
}

func (b *arrayBuilder) add(v any) {
	if b.mixed == nil {
		switch n := v.(type) {
		case float64:
			b.numbers = append(b.numbers, n)
			return
		case bool:
			x := 0.0
			if n {
				x = 1
			}
			b.numbers = append(b.numbers, x)
			return
		}
		b.mixed = make([]any, 0, len(b.numbers)+1)
		for _, n := range b.numbers {
			b.mixed = append(b.mixed, n)
		}
	}
	b.mixed = append(b.mixed, v)
}

func (b *arrayBuilder) done() any {
	if b.mixed != nil {
		return b.mixed
	}
	if b.numbers == nil {
		return []float64{}
	}
	return b.numbers
}

func (p *jsonParser) string() (string, error) {
	start := p.pos
	for p.pos++; p.pos < len(p.data); p.pos++ {
		switch p.data[p.pos] {
		case '\\':
			p.pos++
		case '"':
			p.pos++
			return p.unquote(p.data[start:p.pos])
		}
	}
	p.pos = len(p.data)
	return "", p.errorf("string without end")
}

func (p *jsonParser) unquote(quoted []byte) (string, error) {
	if bytes.IndexByte(quoted, '\\') < 0 && utf8.Valid(quoted) {
		return string(quoted[1 : len(quoted)-1]), nil
	}
	var s string
	if err := json.Unmarshal(quoted, &s); err != nil {
		return "", p.errorf("bad string")
	}
	return s, nil
}

func (p *jsonParser) number() (any, error) {
	switch {
	case p.word("NaN"):
		return math.NaN(), nil
	case p.word("Infinity"):
		return math.Inf(1), nil
	case p.word("-Infinity"):
		return math.Inf(-1), nil
	}
	start, integer := p.pos, 0
	for p.pos < len(p.data) && p.data[p.pos] >= '0' && p.data[p.pos] <= '9' && p.pos-start < 15 {
		integer = integer*10 + int(p.data[p.pos]-'0')
		p.pos++
	}
	if p.pos > start && (p.pos == len(p.data) || p.data[p.pos] == ',' || p.data[p.pos] == ']') {
		return float64(integer), nil
	}
	for p.pos < len(p.data) && bytes.IndexByte([]byte("+-.0123456789eE"), p.data[p.pos]) >= 0 {
		p.pos++
	}
	v, err := strconv.ParseFloat(string(p.data[start:p.pos]), 64)
	if err != nil && !math.IsInf(v, 0) {
		p.pos = start
		return nil, p.errorf("bad value")
	}
	return v, nil
}
