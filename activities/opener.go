package activities

import (
	"github.com/batchmill/batchmill/activities/sharding"
	"github.com/batchmill/batchmill/dataset"
	"github.com/batchmill/batchmill/storage"
)

// opener opens a plan's inputs for shards that come one after the other: those of one input share what was learned of it,
// such as a Parquet footer. Not for concurrent use.
type opener struct {
	store  storage.Store
	plan   *sharding.Plan
	input  int
	object dataset.Object // of input; nil at first
}

func (o *opener) open(input int) (dataset.Object, error) {
	if o.object == nil || o.input != input {
		obj, err := o.plan.Object(o.store, input)
		if err != nil {
			return nil, err
		}
		o.object, o.input = dataset.Remember(obj, true), input
	}
	return o.object, nil
}
