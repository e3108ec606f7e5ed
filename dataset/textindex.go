package dataset

import (
	"encoding/binary"
	"hash/maphash"
	"math"
	"math/bits"
	"math/rand/v2"

	"github.com/apache/arrow/go/v15/arrow/array"
)

// TextIndex numbers texts and finds the numbers of a column's texts: of 16 bytes or fewer, as names of categories mostly are,
// without reading a text twice. It may be read from several goroutines as long as none adds.
type TextIndex struct {
	texts []string
	slots []textSlot // a power of two, at most half of them taken
	taken int
	salt  [2]uint64
	seed  maphash.Seed
}

// textSlot is a text's place: its first and last 8 bytes, padded with zeros if it is shorter, its length, and one more than
// its number; 0 in a free slot.
type textSlot struct {
	first, last   uint64
	length, after uint32
}

// longText is the shortest length of which textSlot does not hold all bytes.
const longText = 17

// NewTextIndex numbers texts by their position. Of equal ones the last counts.
func NewTextIndex(texts []string) *TextIndex {
	const slots = 16 // to begin with
	x := &TextIndex{slots: make([]textSlot, slots), seed: maphash.MakeSeed()}
	x.salt = [2]uint64{rand.Uint64(), rand.Uint64()} // so that nobody can choose texts that all want the same slot
	for _, t := range texts {
		x.texts = append(x.texts, t)
		x.insert(t, uint32(len(x.texts)))
	}
	return x
}

// Texts returns the texts by number. They stay the index's.
func (x *TextIndex) Texts() []string { return x.texts }

// Add returns a text's number, the next one if it is new.
func (x *TextIndex) Add(text string) int {
	if n, ok := x.Find(text); ok {
		return n
	}
	x.texts = append(x.texts, text)
	x.insert(text, uint32(len(x.texts)))
	return len(x.texts) - 1
}

// Find returns a text's number.
func (x *TextIndex) Find(text string) (number int, ok bool) {
	data := []byte(text)
	s := x.find(data, 0, len(data))
	return int(s.after) - 1, s.after != 0
}

// Numbers writes the number of each text of a column to dst, which must hold col.Len() values, missing ones as NaN. What
// Strings takes for text is text. Where a text is not in the index, unknown says its number, and may add it; without unknown
// it is NaN.
func (x *TextIndex) Numbers(col Column, dst []float32, unknown func(row int, text string) (number int, err error)) error {
	switch c := col.(type) {
	case *array.String:
		return x.ofStrings(c, dst, unknown)
	case *array.Dictionary:
		return x.ofDictionary(c, dst, unknown)
	}
	at, err := Strings(col)
	if err != nil {
		return err
	}
	for i := range col.Len() {
		dst[i] = missingNumber
		if text, ok := at(i); ok {
			if dst[i], err = x.number(i, text, unknown); err != nil {
				return err
			}
		}
	}
	return nil
}

var missingNumber = float32(math.NaN())

func (x *TextIndex) ofStrings(c *array.String, dst []float32, unknown func(int, string) (int, error)) error {
	if c.Len() == 0 {
		return nil
	}
	offsets, data := c.ValueOffsets(), c.ValueBytes()
	first, nulls := offsets[0], c.NullN() > 0
	for i, end := range offsets[1:] {
		if nulls && c.IsNull(i) {
			dst[i] = missingNumber
			continue
		}
		at := int(offsets[i] - first)
		s := x.find(data, at, int(end-first)-at)
		if dst[i] = float32(s.after) - 1; s.after == 0 {
			var err error
			if dst[i], err = ask(i, c.Value(i), unknown); err != nil {
				return err
			}
		}
	}
	return nil
}

// ofDictionary looks each text of the dictionary up once, when a row first has it.
func (x *TextIndex) ofDictionary(c *array.Dictionary, dst []float32, unknown func(int, string) (int, error)) error {
	texts := c.Dictionary()
	at, err := textAt(texts)
	if err != nil {
		return err
	}
	known, numbers := make([]bool, texts.Len()), make([]float32, texts.Len())
	for i := range c.Len() {
		dst[i] = missingNumber
		if c.IsNull(i) || texts.IsNull(c.GetValueIndex(i)) {
			continue
		}
		k := c.GetValueIndex(i)
		if !known[k] {
			if numbers[k], err = x.number(i, at(k), unknown); err != nil {
				return err
			}
			known[k] = true
		}
		dst[i] = numbers[k]
	}
	return nil
}

func (x *TextIndex) number(row int, text string, unknown func(int, string) (int, error)) (float32, error) {
	if n, ok := x.Find(text); ok {
		return float32(n), nil
	}
	return ask(row, text, unknown)
}

func ask(row int, text string, unknown func(int, string) (int, error)) (float32, error) {
	if unknown == nil {
		return missingNumber, nil
	}
	n, err := unknown(row, text)
	return float32(n), err
}

// insert puts a text in, or gives it another number.
func (x *TextIndex) insert(text string, after uint32) {
	if 2*(x.taken+1) > len(x.slots) {
		x.grow()
	}
	data := []byte(text)
	s := x.find(data, 0, len(data))
	if s.after == 0 {
		x.taken++
	}
	first, last := ends(data, 0, len(data))
	*s = textSlot{first: first, last: last, length: uint32(len(data)), after: after}
}

func (x *TextIndex) grow() {
	old := x.slots
	x.slots, x.taken = make([]textSlot, 2*len(old)), 0
	for _, s := range old {
		if s.after != 0 {
			x.insert(x.texts[s.after-1], s.after)
		}
	}
}

// find returns the slot of a text, which is data[at:at+n], or the free one where it would go.
func (x *TextIndex) find(data []byte, at, n int) *textSlot {
	first, last := ends(data, at, n)
	high, low := bits.Mul64(first^x.salt[0], (last+uint64(n))^x.salt[1])
	hash := high ^ low
	if n >= longText {
		hash ^= maphash.Bytes(x.seed, data[at:at+n])
	}
	slots := x.slots
	for i := hash; ; i++ {
		s := &slots[i&uint64(len(slots)-1)]
		if s.after == 0 || s.first == first && s.last == last && s.length == uint32(n) && (n < longText || x.texts[s.after-1] == string(data[at:at+n])) {
			return s
		}
	}
}

// ends returns the first and the last 8 bytes of a text; of one that is no longer than that, all bytes and 0.
func ends(data []byte, at, n int) (first, last uint64) {
	const word = 8
	if n > word {
		return binary.LittleEndian.Uint64(data[at:]), binary.LittleEndian.Uint64(data[at+n-word:])
	}
	if at+word <= len(data) {
		return binary.LittleEndian.Uint64(data[at:]) & (1<<(8*n) - 1), 0
	}
	for i := range n {
		first |= uint64(data[at+i]) << (8 * i)
	}
	return first, 0
}
