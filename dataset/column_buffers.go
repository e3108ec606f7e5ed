package dataset

import (
	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// validity collects one bit per value. It allocates nothing until the first missing value.
type validity struct {
	bits  []byte
	n     int
	nulls int
}

func (v *validity) append(valid bool) {
	if valid && v.bits == nil {
		v.n++
		return
	}
	if v.bits == nil {
		v.bits = make([]byte, v.n/8+1, v.n/8+1024)
		for i := 0; i < v.n; i++ {
			v.bits[i>>3] |= 1 << (i & 7)
		}
	}
	for len(v.bits) <= v.n>>3 {
		v.bits = append(v.bits, 0)
	}
	if valid {
		v.bits[v.n>>3] |= 1 << (v.n & 7)
	} else {
		v.bits[v.n>>3] &^= 1 << (v.n & 7)
		v.nulls++
	}
	v.n++
}

// truncate takes the last value back if there are more than n.
func (v *validity) truncate(n int) {
	for v.n > n {
		v.n--
		if v.bits != nil && v.bits[v.n>>3]&(1<<(v.n&7)) == 0 {
			v.nulls--
		}
	}
}

func (v *validity) buffer() *memory.Buffer {
	if v.nulls == 0 {
		return nil
	}
	return memory.NewBufferBytes(v.bits)
}

// fixedColumn collects values of a fixed width.
type fixedColumn[T any] struct {
	values []T
	valid  validity
}

func (c *fixedColumn[T]) append(v T, valid bool) {
	c.values = append(c.values, v)
	c.valid.append(valid)
}

func (c *fixedColumn[T]) truncate(n int) {
	if len(c.values) > n {
		c.values = c.values[:n]
		c.valid.truncate(n)
	}
}

// build makes the column and starts a new one.
func (c *fixedColumn[T]) build(t DataType) Column {
	d := array.NewData(t, len(c.values), []*memory.Buffer{c.valid.buffer(), bytesBuffer(c.values)}, nil, c.valid.nulls, 0)
	*c = fixedColumn[T]{values: make([]T, 0, len(c.values))}
	return array.MakeFromData(d)
}

// boolColumn collects booleans.
type boolColumn struct {
	bits  []byte
	valid validity
}

func (c *boolColumn) append(v, valid bool) {
	n := c.valid.n
	for len(c.bits) <= n>>3 {
		c.bits = append(c.bits, 0)
	}
	if v {
		c.bits[n>>3] |= 1 << (n & 7)
	} else {
		c.bits[n>>3] &^= 1 << (n & 7)
	}
	c.valid.append(valid)
}

func (c *boolColumn) truncate(n int) { c.valid.truncate(n) }

func (c *boolColumn) build(t DataType) Column {
	d := array.NewData(t, c.valid.n, []*memory.Buffer{c.valid.buffer(), memory.NewBufferBytes(c.bits)}, nil, c.valid.nulls, 0)
	*c = boolColumn{}
	return array.MakeFromData(d)
}

// textColumn collects texts or bytes.
type textColumn struct {
	offsets []int32 // ends of the values
	data    []byte
	valid   validity
}

func (c *textColumn) append(v []byte, valid bool) {
	if valid {
		c.data = append(c.data, v...)
	}
	c.offsets = append(c.offsets, int32(len(c.data)))
	c.valid.append(valid)
}

func (c *textColumn) truncate(n int) {
	if len(c.offsets) <= n {
		return
	}
	c.offsets = c.offsets[:n]
	c.data = c.data[:0:len(c.data)]
	if n > 0 {
		c.data = c.data[:c.offsets[n-1]]
	}
	c.valid.truncate(n)
}

func (c *textColumn) build(t DataType) Column {
	n := len(c.offsets)
	starts := make([]int32, n+1)
	copy(starts[1:], c.offsets)
	d := array.NewData(t, n, []*memory.Buffer{c.valid.buffer(), bytesBuffer(starts), memory.NewBufferBytes(c.data)}, nil, c.valid.nulls, 0)
	*c = textColumn{offsets: make([]int32, 0, n), data: make([]byte, 0, len(c.data))}
	return array.MakeFromData(d)
}

// nullColumn is n missing values of a type.
func nullColumn(t DataType, n int) Column {
	return array.MakeArrayOfNull(memory.DefaultAllocator, t, n)
}

// listColumn collects lists of fixed-width numbers without missing values.
type listColumn[T any] struct {
	offsets []int32
	values  []T
}

func (c *listColumn[T]) end() { c.offsets = append(c.offsets, int32(len(c.values))) }

func (c *listColumn[T]) truncate(n int) {
	if n < len(c.offsets) {
		c.offsets = c.offsets[:n]
	}
	end := 0
	if n > 0 {
		end = int(c.offsets[n-1])
	}
	c.values = c.values[:end]
}

func (c *listColumn[T]) build(elem DataType) Column {
	n := len(c.offsets)
	starts := make([]int32, n+1)
	copy(starts[1:], c.offsets)
	child := array.NewData(elem, len(c.values), []*memory.Buffer{nil, bytesBuffer(c.values)}, nil, 0, 0)
	d := array.NewData(arrow.ListOfNonNullable(elem), n, []*memory.Buffer{nil, bytesBuffer(starts)}, []arrow.ArrayData{child}, 0, 0)
	*c = listColumn[T]{offsets: make([]int32, 0, n), values: make([]T, 0, len(c.values))}
	return array.MakeFromData(d)
}
