package activities

import (
	"context"

	"github.com/batchmill/batchmill/activities/budget"
	"github.com/batchmill/batchmill/dataset"
)

// claim waits until a budget has memory for reading what opt says of an object, and for what writing says that the work on it holds
// besides; nil is nothing. Call release when the rows are read and written.
func claim(ctx context.Context, from *budget.Budget, object dataset.Object, opt dataset.ReadOptions, writing func(dataset.Demand) int64) (release func(), err error) {
	if from == nil {
		return func() {}, nil
	}
	d, err := dataset.WorkingSet(ctx, object, opt)
	if err != nil {
		return nil, inputError(object, err)
	}
	bytes := d.Reading
	if writing != nil {
		bytes += writing(d)
	}
	return from.Take(ctx, bytes)
}

// hold is how much of the budget the numbers of a row group may take: two row groups can then be read side by side. 0 is dataset's.
func (w *shardWork) hold() int64 {
	if w.budget == nil {
		return 0
	}
	return max(1, w.budget.Bytes()/2)
}

// parquetCopies is how often a Parquet writer has the rows of a row group: as they came, and encoded.
const parquetCopies = 2

// writing is about what is held of a unit's rows and their outputs until they are written.
func (t *transformShard) writing(unit *dataset.Unit) func(dataset.Demand) int64 {
	return func(d dataset.Demand) int64 {
		width := outputWidth(t.predictor)
		bytes := min(pieceValues, dataset.DefaultBatchRows*width) * valueBytes
		switch {
		case t.params.documents(): // whole, with their answers
			return bytes + d.Table
		case t.bound.records.Media.Format != dataset.Parquet:
			return bytes
		case t.params.Join:
			bytes += parquetCopies*d.Table - d.Held
		}
		values := int64(rowGroupValues)
		if unit.Rows >= 0 {
			values = min(values, unit.Rows*width)
		}
		return bytes + parquetCopies*values*valueBytes
	}
}

// storing is what a store's driver takes at most while it stores a fragment: parts of 16 MiB on their way, and the next one.
const storing = 48 << 20

// planning is about what looking for the records of a text object takes.
const planning = 12 << 20

// planMemory waits until there is memory for finding an object's units.
func (a *Activities) planMemory(ctx context.Context, object dataset.Object, media dataset.Media) (release func(), err error) {
	if media.Format.Typed() {
		return func() {}, nil // its footer tells, or it is one unit
	}
	return a.budget.Take(ctx, min(object.Size(), planning))
}
