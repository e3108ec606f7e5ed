package dataset

import (
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/theory/jsonpath/spec"
)

// cutLists takes elements of each row's list: one, lists of them, or, where to says so, vectors. Elements are of a fixed number of
// bytes. A missing list has missing elements; an element that is asked for and not there is missing.
func cutLists(col Column, step []spec.Selector, to DataType) (Column, error) {
	elements, bounds, ok := listBounds(col)
	if !ok {
		return nil, fmt.Errorf("is %s, not lists", typeWord(col.DataType()))
	}
	width := 1
	if elem, n, list := listType(to); list {
		if width = n; !sameType(elem, elements.DataType()) {
			return nil, fmt.Errorf("holds %s, expected %s", typeWord(elements.DataType()), typeWord(elem))
		}
	}
	g := newGather(elements)
	var ends []int32
	var present validity
	var at []int
	for i := range col.Len() {
		at = at[:0]
		from, to := bounds(i)
		if col.IsValid(i) {
			at = positions(at, step, to-from)
		}
		present.append(col.IsValid(i))
		for _, k := range at {
			g.take(from + k)
		}
		for k := len(at); k < width; k++ { // -1: a list may have any number
			g.missing()
		}
		ends = append(ends, int32(g.count))
	}
	values := g.data()
	switch to.ID() {
	case arrow.LIST:
		offsets := append([]int32{0}, ends...)
		d := array.NewData(to, col.Len(), []*memory.Buffer{present.buffer(), bytesBuffer(offsets)}, []arrow.ArrayData{values}, present.nulls, 0)
		return array.NewListData(d), nil
	case arrow.FIXED_SIZE_LIST:
		d := array.NewData(to, col.Len(), []*memory.Buffer{present.buffer()}, []arrow.ArrayData{values}, present.nulls, 0)
		return array.NewFixedSizeListData(d), nil
	}
	return array.MakeFromData(values), nil
}

// gather copies elements of a fixed number of bytes.
type gather struct {
	from  Column
	size  int
	bytes []byte
	valid validity
	out   []byte
	count int
}

func newGather(elements Column) *gather {
	size := elements.DataType().(arrow.FixedWidthDataType).Bytes()
	g := &gather{from: elements, size: size}
	if b := elements.Data().Buffers()[1]; b != nil {
		g.bytes = b.Bytes()[elements.Data().Offset()*size:]
	}
	return g
}

func (g *gather) take(i int) {
	g.out = append(g.out, g.bytes[i*g.size:(i+1)*g.size]...)
	g.valid.append(g.from.IsValid(i))
	g.count++
}

func (g *gather) missing() {
	g.out = append(g.out, make([]byte, g.size)...)
	g.valid.append(false)
	g.count++
}

func (g *gather) data() arrow.ArrayData {
	return array.NewData(g.from.DataType(), g.count, []*memory.Buffer{g.valid.buffer(), memory.NewBufferBytes(g.out)}, nil, g.valid.nulls, 0)
}
