package activities

import (
	"github.com/batchmill/batchmill/activities/sharding"
	"github.com/batchmill/batchmill/dataset"
	"github.com/batchmill/batchmill/storage"
)

// opener opens the inputs of shards that come one after the other: runs of one input share what was learned of it, such as a
// Parquet footer. Not for concurrent use.
type opener struct {
	store  storage.Store
	input  int
	object dataset.Object // of input; nil at first
}

func (o *opener) open(run sharding.Run) (dataset.Object, error) {
	if o.object == nil || o.input != run.Input {
		obj, err := run.Object.Object(o.store)
		if err != nil {
			return nil, err
		}
		o.object, o.input = dataset.Remember(obj, true), run.Input
	}
	return o.object, nil
}
