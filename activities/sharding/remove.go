package sharding

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/batchmill/batchmill/storage"
)

const (
	removeBatch    = 1000 // objects removed at a time: as many as one request to S3 may name
	removeParallel = 4    // batches at once
)

// remover removes objects in batches, while more of them are being found. Not for concurrent use.
type remover struct {
	store  storage.Store
	ctx    context.Context // ends with the first failure
	group  *errgroup.Group
	doomed []storage.URI
}

func newRemover(ctx context.Context, store storage.Store) *remover {
	r := &remover{store: store}
	r.group, r.ctx = errgroup.WithContext(ctx)
	r.group.SetLimit(removeParallel)
	return r
}

// add takes an object; it waits while enough batches are on their way.
func (r *remover) add(uri storage.URI) {
	if r.doomed = append(r.doomed, uri); len(r.doomed) == removeBatch {
		r.flush()
	}
}

func (r *remover) flush() {
	batch := r.doomed
	r.doomed = nil
	if len(batch) > 0 {
		r.group.Go(func() error { return r.store.Delete(r.ctx, batch...) })
	}
}

// wait returns once all of them are gone, or the first error.
func (r *remover) wait() error {
	r.flush()
	return r.group.Wait()
}

// RemoveStaged removes what a committed job needs no more. The plan goes last, so that a crash in between leaves a folder
// that still says whose it is.
func RemoveStaged(ctx context.Context, store storage.Store, root storage.URI) error {
	return removeUnder(ctx, store, root, keptAfterCommit)
}

// removeUnder removes all objects under root that keep does not claim, by their path relative to root; the plan last.
func removeUnder(ctx context.Context, store storage.Store, root storage.URI, keep func(rel string) bool) error {
	plan, r := false, newRemover(ctx, store)
	err := store.List(r.ctx, root, func(info storage.Info) error {
		switch {
		case info.URI == PlanURI(root):
			plan = true
		case !keep(strings.TrimPrefix(info.URI.Key, root.Key)):
			r.add(info.URI)
		}
		return nil
	})
	if e := r.wait(); e != nil {
		err = e // the listing ended for it
	}
	if errors.Is(err, storage.ErrNoBucket) {
		return nil
	}
	if err == nil && plan {
		err = store.Delete(ctx, PlanURI(root))
	}
	if err != nil {
		return fmt.Errorf("sharding: remove staged objects: %w", err)
	}
	return nil
}
