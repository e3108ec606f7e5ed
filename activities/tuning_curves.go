package activities

import (
	"context"
	"maps"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/batchmill/batchmill/storage"
	"github.com/batchmill/batchmill/tuning"
)

// curveCache holds curves of ended trials, which never change. Each training of a search asks for those of all earlier ones: had
// each its own look at the store, a search of thousands of trials would list and read them thousands of times.
type curveCache struct {
	mu      sync.Mutex
	folders map[storage.URI]*curveFolder
	order   []storage.URI
}

// curveFolder is what is known of one search.
type curveFolder struct {
	mu     sync.Mutex
	listed time.Time
	curves map[int]*tuning.Curve // by trial
}

// curveFoldersKept bounds the searches whose curves a worker holds: each trial is some hundred numbers.
const curveFoldersKept = 16

func (c *curveCache) folder(at storage.URI) *curveFolder {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f := c.folders[at]; f != nil {
		return f
	}
	if c.folders == nil {
		c.folders = map[storage.URI]*curveFolder{}
	}
	f := &curveFolder{curves: map[int]*tuning.Curve{}}
	c.folders[at] = f
	if c.order = append(c.order, at); len(c.order) > curveFoldersKept {
		delete(c.folders, c.order[0])
		c.order = c.order[1:]
	}
	return f
}

// known are the curves in the folder, by trial: those of this worker's trainings, and of others' as of curvesEvery ago at the
// most. Curves are shared: nobody may change one.
func (c *curveCache) known(ctx context.Context, a *Activities, at storage.URI) (map[int]*tuning.Curve, error) {
	f := c.folder(at)
	f.mu.Lock()
	defer f.mu.Unlock()
	if now := a.now(); now.Sub(f.listed) >= curvesEvery {
		if err := f.read(ctx, a, at); err != nil {
			return nil, err
		}
		f.listed = now
	}
	return maps.Clone(f.curves), nil
}

// read takes in what is new in the store.
func (f *curveFolder) read(ctx context.Context, a *Activities, at storage.URI) error {
	return a.store.List(ctx, at, func(i storage.Info) error {
		trial, err := strconv.Atoi(strings.TrimSuffix(i.URI.Base(), ".json"))
		if err != nil || f.curves[trial] != nil {
			return nil //nolint:nilerr // no curve, or a known one
		}
		curve := new(tuning.Curve)
		if err := a.readJSON(ctx, i.URI, curve); err != nil {
			return err
		}
		f.curves[trial] = curve
		return nil
	})
}

// add takes in a curve that this worker has just stored.
func (c *curveCache) add(at storage.URI, trial int, curve *tuning.Curve) {
	f := c.folder(at)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.curves[trial] = curve
}
