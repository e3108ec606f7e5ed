package activities

import (
	"context"
	"sync"

	"github.com/batchmill/batchmill/storage"
	"github.com/batchmill/batchmill/tuning"
)

// curveCache holds curves of ended trials, which never change: each training of a search reads all earlier ones, and the
// worker would fetch the first trial's as often as there are trials.
type curveCache struct {
	mu    sync.Mutex
	known map[storage.URI]*tuning.Curve
	order []storage.URI
}

// curvesKept bounds the curves a worker holds: some hundred numbers each.
const curvesKept = 20_000

// get reads a curve unless it is known. Curves are shared: nobody may change one.
func (c *curveCache) get(ctx context.Context, a *Activities, uri storage.URI) (*tuning.Curve, error) {
	c.mu.Lock()
	known := c.known[uri]
	c.mu.Unlock()
	if known != nil {
		return known, nil
	}
	curve := new(tuning.Curve)
	if err := a.readJSON(ctx, uri, curve); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil {
		c.known = map[storage.URI]*tuning.Curve{}
	}
	if c.known[uri] == nil {
		c.known[uri] = curve
		if c.order = append(c.order, uri); len(c.order) > curvesKept {
			delete(c.known, c.order[0])
			c.order = c.order[1:]
		}
	}
	return c.known[uri], nil
}
