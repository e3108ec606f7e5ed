package modelfile

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"math"
	"strconv"

	"github.com/batchmill/batchmill/algorithms/xgboost/internal/forest"
)

// form writes a document's parts, in JSON or UBJSON.
type form interface {
	open(c byte)
	close(c byte)
	key(name string)
	text(s string)
	number(v int)
	float(v float32)
	// startList begins a list of n values of any type, endList ends it.
	startList(n int)
	endList()
	// ints writes numbers of one type: i or U, l and L are 1, 4 and 8 bytes in UBJSON.
	ints(kind byte, values []int)
	floats(values []float32)
	bytes() []byte
}

// writer adds what both forms have in common.
type writer struct{ form }

func (w *writer) list(n int, item func(i int)) {
	w.startList(n)
	for i := range n {
		item(i)
	}
	w.endList()
}

func (w *writer) texts(m map[string]string) {
	w.open('{')
	for _, k := range keys(m) {
		w.key(k)
		w.text(m[k])
	}
	w.close('}')
}

func (w *writer) nodeInts(kind byte, nodes []forest.Node, of func(*forest.Node) int) {
	values := make([]int, len(nodes))
	for i := range nodes {
		values[i] = of(&nodes[i])
	}
	w.ints(kind, values)
}

func (w *writer) nodeFloats(nodes []forest.Node, of func(*forest.Node) float32) {
	values := make([]float32, len(nodes))
	for i := range nodes {
		values[i] = of(&nodes[i])
	}
	w.floats(values)
}

// scientific writes a number the way XGBoost does: the shortest digits that read back the same, as 5E-1.
func scientific(v float64) string { return string(appendScientific(nil, v, 64)) }

func appendScientific(b []byte, v float64, bits int) []byte {
	start := len(b)
	b = strconv.AppendFloat(b, v, 'E', -1, bits)
	// Go writes at least two digits of exponent and a plus: 5E-01, 4.687E+03.
	e := start
	for b[e] != 'E' {
		e++
	}
	exponent := b[e+1:]
	negative := exponent[0] == '-'
	digits := exponent[1:]
	for len(digits) > 1 && digits[0] == '0' {
		digits = digits[1:]
	}
	out := b[:e+1]
	if negative {
		out = append(out, '-')
	}
	return append(out, digits...)
}

// jsonForm builds JSON text.
type jsonForm struct {
	buf   []byte
	comma bool
}

func (f *jsonForm) item() {
	if f.comma {
		f.buf = append(f.buf, ',')
	}
	f.comma = true
}

func (f *jsonForm) bytes() []byte { return f.buf }
func (f *jsonForm) open(c byte)   { f.item(); f.buf = append(f.buf, c); f.comma = false }
func (f *jsonForm) close(c byte)  { f.buf = append(f.buf, c); f.comma = true }
func (f *jsonForm) startList(int) { f.open('[') }
func (f *jsonForm) endList()      { f.close(']') }

func (f *jsonForm) key(name string) {
	f.text(name)
	f.buf = append(f.buf, ':')
	f.comma = false
}

func (f *jsonForm) text(s string) {
	f.item()
	// XGBoost's reader does not decode \u escapes, so only what must be escaped is.
	var quoted bytes.Buffer
	encoder := json.NewEncoder(&quoted)
	encoder.SetEscapeHTML(false)
	encoder.Encode(s) // a string never fails
	f.buf = append(f.buf, bytes.TrimSuffix(quoted.Bytes(), []byte("\n"))...)
}

func (f *jsonForm) number(v int) {
	f.item()
	f.buf = strconv.AppendInt(f.buf, int64(v), 10)
}

func (f *jsonForm) float(v float32) {
	f.item()
	f.buf = appendScientific(f.buf, float64(v), 32)
}

func (f *jsonForm) ints(_ byte, values []int) {
	f.open('[')
	for _, v := range values {
		f.number(v)
	}
	f.close(']')
}

func (f *jsonForm) floats(values []float32) {
	f.open('[')
	for _, v := range values {
		f.float(v)
	}
	f.close(']')
}

// ubjsonForm builds UBJSON with the types that XGBoost's own files have: its reader wants them so.
type ubjsonForm struct{ buf []byte }

func (f *ubjsonForm) bytes() []byte { return f.buf }
func (f *ubjsonForm) open(c byte)   { f.buf = append(f.buf, c) }
func (f *ubjsonForm) close(c byte)  { f.buf = append(f.buf, c) }
func (f *ubjsonForm) endList()      {}

func (f *ubjsonForm) startList(n int) {
	f.buf = append(f.buf, '[', '#')
	f.length(n)
}

func (f *ubjsonForm) length(n int) {
	f.buf = binary.BigEndian.AppendUint64(append(f.buf, 'L'), uint64(n))
}

func (f *ubjsonForm) key(name string) {
	f.length(len(name))
	f.buf = append(f.buf, name...)
}

func (f *ubjsonForm) text(s string) {
	f.buf = append(f.buf, 'S')
	f.key(s)
}

func (f *ubjsonForm) number(v int) {
	if v == int(int8(v)) {
		f.buf = append(f.buf, 'i', byte(v))
		return
	}
	if v == int(int16(v)) {
		f.buf = binary.BigEndian.AppendUint16(append(f.buf, 'I'), uint16(v))
		return
	}
	f.buf = binary.BigEndian.AppendUint32(append(f.buf, 'l'), uint32(v))
}

func (f *ubjsonForm) float(v float32) {
	f.buf = binary.BigEndian.AppendUint32(append(f.buf, 'd'), math.Float32bits(v))
}

func (f *ubjsonForm) typed(kind byte, n int) {
	f.buf = append(f.buf, '[', '$', kind, '#')
	f.length(n)
}

func (f *ubjsonForm) ints(kind byte, values []int) {
	f.typed(kind, len(values))
	for _, v := range values {
		switch kind {
		case 'i', 'U':
			f.buf = append(f.buf, byte(v))
		case 'l':
			f.buf = binary.BigEndian.AppendUint32(f.buf, uint32(v))
		default:
			f.buf = binary.BigEndian.AppendUint64(f.buf, uint64(v))
		}
	}
}

func (f *ubjsonForm) floats(values []float32) {
	f.typed('d', len(values))
	for _, v := range values {
		f.buf = binary.BigEndian.AppendUint32(f.buf, math.Float32bits(v))
	}
}
