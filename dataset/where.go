package dataset

import (
	"context"
	"fmt"

	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/compute"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// Where makes a batch of the rows whose side is want, in order; nil if there is none. sides has one value per row.
func Where(batch Batch, sides []uint8, want uint8) (Batch, error) {
	n := 0
	keep := array.NewBooleanBuilder(memory.DefaultAllocator)
	defer keep.Release()
	keep.Reserve(len(sides))
	for _, s := range sides {
		keep.UnsafeAppend(s == want)
		if s == want {
			n++
		}
	}
	switch n {
	case 0:
		return nil, nil
	case len(sides):
		batch.Retain()
		return batch, nil
	}
	mask := keep.NewBooleanArray()
	defer mask.Release()
	part, err := compute.FilterRecordBatch(context.Background(), batch, mask, compute.DefaultFilterOptions())
	if err != nil {
		return nil, fmt.Errorf("dataset: filter rows: %w", err)
	}
	return part, nil
}
