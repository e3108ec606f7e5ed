package modelfile

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
)

// A pickle is a program. None of it runs here: the reader goes over the opcodes of the one layout Python gives a pickled
// Booster, keeps texts, and takes the bytes that follow the name "handle". Whatever that layout does not need is refused.

// picklable are the names a pickled Booster, or one within its scikit-learn wrapper, mentions.
var picklable = []string{
	"xgboost.core Booster", "xgboost.sklearn XGBModel", "xgboost.sklearn XGBClassifier", "xgboost.sklearn XGBRegressor", "xgboost.sklearn XGBRanker",
	"xgboost.sklearn XGBRFClassifier", "xgboost.sklearn XGBRFRegressor",
	"builtins bytearray", "__builtin__ bytearray", "builtins object", "__builtin__ object",
	"copy_reg _reconstructor", "copyreg _reconstructor", "copyreg __newobj__", "_codecs encode",
	"numpy.core.multiarray _reconstruct", "numpy.core.multiarray scalar", "numpy._core.multiarray _reconstruct", "numpy._core.multiarray scalar",
	"numpy ndarray", "numpy dtype", // a classifier's labels
}

func isPickle(data []byte) bool { return len(data) > 2 && data[0] == 0x80 && data[1] <= 5 }

// readPickle finds the model in a pickled Booster.
func readPickle(data []byte) (*Model, error) {
	p := &pickleReader{data: data, memo: map[uint32]string{}, best: -1}
	for !p.done && p.fault == nil {
		p.step()
	}
	if p.fault != nil {
		return nil, p.fault
	}
	if p.handle == nil {
		return nil, &Error{Reason: "a Python pickle without a Booster's handle"}
	}
	if isPickle(p.handle) {
		return nil, &Error{Reason: "a Python pickle within a Python pickle"}
	}
	m, err := Read(p.handle)
	if err != nil {
		return nil, err
	}
	// XGBoost's binary form has no place for these: Python keeps them beside it.
	if len(m.FeatureNames) == 0 && len(p.names) == m.NumFeature {
		m.FeatureNames = p.names
	}
	if len(m.FeatureTypes) == 0 && len(p.types) == m.NumFeature {
		m.FeatureTypes = p.types
	}
	if _, told := m.Attributes["best_iteration"]; !told && p.best >= 0 {
		m.Attributes["best_iteration"] = strconv.Itoa(p.best)
	}
	return m, nil
}

type pickleReader struct {
	data  []byte
	pos   int
	done  bool
	fault error

	memo   map[uint32]string
	last   string    // the text just read; "" after anything else
	recent [2]string // the last two texts: module and name of STACK_GLOBAL
	key    string    // member of the Booster that comes next: handle, feature_names, ...
	list   *[]string // where texts go within such a member's list

	handle       []byte
	names, types []string
	best         int
}

func (p *pickleReader) fail(format string, args ...any) {
	if p.fault == nil {
		p.fault = &Error{Where: "Python pickle", Reason: fmt.Sprintf(format, args...)}
	}
}

func (p *pickleReader) take(n uint64) []byte {
	if p.fault == nil && n > uint64(len(p.data)-p.pos) {
		p.fail("ends too early")
	}
	if p.fault != nil {
		return nil
	}
	b := p.data[p.pos : p.pos+int(n)]
	p.pos += int(n)
	return b
}

// number takes a little-endian number of n bytes.
func (p *pickleReader) number(n int) uint64 {
	var b [8]byte
	copy(b[:], p.take(uint64(n)))
	return binary.LittleEndian.Uint64(b[:])
}

func (p *pickleReader) line() string {
	end := bytes.IndexByte(p.data[p.pos:], '\n')
	if end < 0 {
		p.fail("ends too early")
		return ""
	}
	return string(bytes.TrimSuffix(p.take(uint64(end)+1), []byte("\n")))
}

// step takes one opcode with its argument (the names are those of Python's pickletools).
func (p *pickleReader) step() {
	code := p.take(1)
	if code == nil {
		return
	}
	switch op := code[0]; op {
	case '.':
		p.done = true
	case 0x80: // PROTO
		p.take(1)
	case 0x95: // FRAME
		p.take(8)
	case 'q': // BINPUT
		p.memo[uint32(p.number(1))] = p.last
	case 'r': // LONG_BINPUT
		p.memo[uint32(p.number(4))] = p.last
	case 0x94: // MEMOIZE
		p.memo[uint32(len(p.memo))] = p.last
	case 'h': // BINGET
		p.text(p.memo[uint32(p.number(1))])
	case 'j': // LONG_BINGET
		p.text(p.memo[uint32(p.number(4))])
	case 'c': // GLOBAL
		p.global(p.line() + " " + p.line())
	case 0x93: // STACK_GLOBAL
		p.global(p.recent[0] + " " + p.recent[1])
	case 'X': // BINUNICODE
		p.text(string(p.take(p.number(4))))
	case 0x8c: // SHORT_BINUNICODE
		p.text(string(p.take(p.number(1))))
	case 0x8d: // BINUNICODE8
		p.text(string(p.take(p.number(8))))
	case 'B', 'T': // BINBYTES, BINSTRING
		p.bytes(p.take(p.number(4)))
	case 'C', 'U': // SHORT_BINBYTES, SHORT_BINSTRING
		p.bytes(p.take(p.number(1)))
	case 0x8e, 0x96: // BINBYTES8, BYTEARRAY8
		p.bytes(p.take(p.number(8)))
	default:
		p.plain(op)
	}
}

// plain takes the opcodes that make numbers and containers.
func (p *pickleReader) plain(op byte) {
	p.last = ""
	value := -1
	switch op {
	case 'K': // BININT1
		value = int(p.number(1))
	case 'M': // BININT2
		value = int(p.number(2))
	case 'J': // BININT
		value = int(int32(p.number(4)))
	case 0x8a: // LONG1
		p.take(p.number(1))
	case 'G': // BINFLOAT
		p.take(8)
	case ']': // EMPTY_LIST
		p.openList()
		return
	case '(', 'N', 0x88, 0x89, ')', 't', 0x85, 0x86, 0x87, '}', 'd', 'l', 'a', 'e', 's', 'u', 0x81, 'R', 'b', '0', '1', '2':
		// MARK, NONE, booleans, tuples, dicts, lists, NEWOBJ, REDUCE, BUILD, POP and DUP: they only say how things hang together.
	default:
		p.fail("opcode %#02x is not one that a Booster needs", op)
	}
	if p.key == "best_iteration" && value >= 0 {
		p.best = value
	}
	if op == '(' && p.list != nil {
		return
	}
	if p.key != "handle" || op == 'N' {
		p.key = ""
	}
	p.list = nil
}

func (p *pickleReader) openList() {
	switch p.key {
	case "feature_names":
		p.list = &p.names
	case "feature_types":
		p.list = &p.types
	}
	p.key = ""
}

func (p *pickleReader) global(name string) {
	if !slices.Contains(picklable, name) {
		p.fail("it names %q, which is no part of a Booster", name)
	}
	p.last = ""
}

func (p *pickleReader) text(s string) {
	p.last = s
	p.recent = [2]string{p.recent[1], s}
	switch {
	case p.list != nil:
		*p.list = append(*p.list, s)
	case p.key == "handle" && p.handle == nil:
		switch s {
		case "builtins", "__builtin__", "bytearray": // the parts of STACK_GLOBAL's name
		default:
			p.latin(s) // protocol 2 has no bytes: they come as text
		}
	default:
		p.key = ""
		switch s {
		case "handle", "feature_names", "feature_types", "best_iteration":
			p.key = s
		}
	}
}

// latin takes a text of code points below 256 for bytes.
func (p *pickleReader) latin(s string) {
	out := make([]byte, 0, len(s))
	for _, c := range s {
		if c > 255 {
			p.fail("the handle holds text")
			return
		}
		out = append(out, byte(c))
	}
	p.handle, p.key = out, ""
}

func (p *pickleReader) bytes(b []byte) {
	p.last = ""
	if p.key == "handle" && p.handle == nil {
		p.handle, p.key = b, ""
		return
	}
	p.text(string(b)) // Python 2's strings
}
