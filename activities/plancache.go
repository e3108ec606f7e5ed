package activities

import (
	"context"
	"sync"

	"github.com/batchmill/batchmill/activities/sharding"
	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/storage"
)

// planCache keeps the heads of the plans of the jobs a worker is busy with: every range of shards needs one.
type planCache struct {
	mu    sync.Mutex
	plans map[string]*sharding.Head // by digest
	order []string
}

const plansKept = 8

// get reads the head of the plan under uri, which must have the digest the workflow was told.
func (c *planCache) get(ctx context.Context, store storage.Store, planURI, digest string) (*sharding.Head, error) {
	c.mu.Lock()
	p := c.plans[digest]
	c.mu.Unlock()
	if p != nil {
		return p, nil
	}
	uri, err := storage.ParseURI(planURI)
	if err != nil {
		return nil, err
	}
	p, sum, err := sharding.ReadHead(ctx, store, uri)
	if err != nil {
		return nil, err
	}
	if sum != digest {
		return nil, jobs.Failf(jobs.ClientError, "plan %s was changed while the job was running", planURI)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.plans == nil {
		c.plans = make(map[string]*sharding.Head)
	}
	if c.plans[digest] == nil {
		c.plans[digest] = p
		if c.order = append(c.order, digest); len(c.order) > plansKept {
			delete(c.plans, c.order[0])
			c.order = c.order[1:]
		}
	}
	return p, nil
}
