package dataset

import (
	"fmt"
	"unsafe"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// soundBatch checks that the buffers of a batch hold what its columns' types and lengths ask for, which the library takes on trust.
func soundBatch(b Batch) error {
	for i, f := range b.Schema().Fields() {
		if reason := soundData(b.Column(i).Data()); reason != "" {
			return fmt.Errorf("column %q: %s", f.Name, reason)
		}
	}
	return nil
}

// soundData says what is wrong with an array's buffers and children; "" if nothing is.
func soundData(d arrow.ArrayData) string {
	end := d.Offset() + d.Len()
	if end < 0 || d.Len() < 0 || d.Offset() < 0 {
		return "its length is negative"
	}
	if d.DataType().ID() == arrow.NULL { // which has no buffers
		return ""
	}
	if valid := d.Buffers()[0]; valid != nil && valid.Len() > 0 && valid.Len() < (end+7)/8 {
		return fmt.Sprintf("%d bytes say which of %d values there are", valid.Len(), end)
	}
	var reason string
	switch t := d.DataType().(type) {
	case *arrow.StringType, *arrow.BinaryType:
		reason = soundOffsets[int32](d.Buffers()[1], d.Len(), end, length(d.Buffers()[2]))
	case *arrow.LargeStringType, *arrow.LargeBinaryType:
		reason = soundOffsets[int64](d.Buffers()[1], d.Len(), end, length(d.Buffers()[2]))
	case *arrow.ListType, *arrow.MapType:
		reason = soundOffsets[int32](d.Buffers()[1], d.Len(), end, d.Children()[0].Len())
	case *arrow.LargeListType:
		reason = soundOffsets[int64](d.Buffers()[1], d.Len(), end, d.Children()[0].Len())
	case *arrow.FixedSizeListType:
		if n := int(t.Len()); n < 0 || n > 0 && d.Children()[0].Len()/n < end {
			reason = fmt.Sprintf("%d vectors of %d do not fit into %d values", end, n, d.Children()[0].Len())
		}
	case *arrow.StructType:
		for _, child := range d.Children() {
			if child.Len() < end {
				reason = fmt.Sprintf("a member has %d of %d values", child.Len(), end)
			}
		}
	case arrow.FixedWidthDataType:
		if bits := t.BitWidth(); length(d.Buffers()[1])*8/max(1, bits) < end {
			reason = fmt.Sprintf("%d values of %d bits do not fit into %d bytes", end, bits, length(d.Buffers()[1]))
		}
	}
	for _, child := range d.Children() {
		if reason == "" {
			reason = soundData(child)
		}
	}
	return reason
}

func length(b *memory.Buffer) int {
	if b == nil {
		return 0
	}
	return b.Len()
}

// soundOffsets checks that values lie one behind the other within their bytes, or elements.
func soundOffsets[N int32 | int64](b *memory.Buffer, values, end, within int) string {
	if values == 0 {
		return ""
	}
	var zero N
	size := int(unsafe.Sizeof(zero))
	if length(b)/size < end+1 {
		return fmt.Sprintf("%d bytes say where %d values are", length(b), end)
	}
	last := N(0)
	for i, at := range unsafe.Slice((*N)(unsafe.Pointer(&b.Bytes()[0])), end+1) {
		if at < last || int64(at) > int64(within) {
			return fmt.Sprintf("value %d lies outside of %d bytes or elements", i, within)
		}
		last = at
	}
	return ""
}
