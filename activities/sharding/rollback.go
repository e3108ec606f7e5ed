package sharding

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/batchmill/batchmill/storage"
)

// before is what stood at the outputs' places when the first commit attempt began: URI to ETag, "" for nothing.
type before map[string]string

func beforeURI(root storage.URI) storage.URI { return root.Join("before-commit.json") }

// PlanURI is where the plan of the job rooted at root lies.
func PlanURI(root storage.URI) storage.URI { return root.Join("plan.json") }

// noteBefore writes, once, what stands at the outputs' places. A rollback needs it to tell its own half-done commit from
// an earlier job's output that was never touched.
func noteBefore(ctx context.Context, store storage.Store, root storage.URI, plan *Plan) error {
	if _, err := store.Stat(ctx, beforeURI(root)); !errors.Is(err, storage.ErrNotFound) {
		return err // an earlier attempt has looked
	}
	b, err := look(ctx, store, plan.Outputs)
	if err != nil {
		return fmt.Errorf("sharding: look at outputs: %w", err)
	}
	data, err := json.Marshal(b)
	if err != nil {
		return err
	}
	_, err = storage.WriteAll(ctx, store, beforeURI(root), data, storage.PutOptions{IfNoneMatch: true})
	if err != nil && !errors.Is(err, storage.ErrPrecondition) {
		return fmt.Errorf("sharding: note outputs: %w", err)
	}
	return nil
}

// Rollback removes every trace of a job that failed or was stopped, unless it committed: outputs a broken commit has
// assembled, then everything under root. It tells whether the job had committed after all.
func Rollback(ctx context.Context, store storage.Store, root storage.URI) (committed bool, err error) {
	m, err := ReadManifest(ctx, store, ManifestURI(root))
	if err != nil {
		return false, err
	}
	if m != nil {
		return true, RemoveStaged(ctx, store, root)
	}
	if err := undoOutputs(ctx, store, root); err != nil {
		return false, err
	}
	return false, removeUnder(ctx, store, root, func(string) bool { return false })
}

func undoOutputs(ctx context.Context, store storage.Store, root storage.URI) error {
	data, _, err := storage.ReadAll(ctx, store, beforeURI(root))
	if errors.Is(err, storage.ErrNotFound) || errors.Is(err, storage.ErrNoBucket) {
		return nil // the commit never began
	}
	if err != nil {
		return fmt.Errorf("sharding: roll back: %w", err)
	}
	var b before
	if err := json.Unmarshal(data, &b); err != nil {
		return fmt.Errorf("sharding: roll back: %w", err)
	}
	for _, s := range slices.Sorted(maps.Keys(b)) {
		uri, err := storage.ParseURI(s)
		if err != nil {
			return err
		}
		info, err := store.Stat(ctx, uri)
		if errors.Is(err, storage.ErrNotFound) || err == nil && info.ETag == b[s] {
			continue
		}
		if err != nil {
			return fmt.Errorf("sharding: roll back: %w", err)
		}
		if err := store.Delete(ctx, uri); err != nil {
			return fmt.Errorf("sharding: roll back: %w", err)
		}
	}
	return nil
}

// RemoveStaged removes what a committed job needs no more. The plan goes last, so that a crash in between leaves a folder
// that still says whose it is.
func RemoveStaged(ctx context.Context, store storage.Store, root storage.URI) error {
	return removeUnder(ctx, store, root, keptAfterCommit)
}

// removeUnder removes all objects under root that keep does not claim, by their path relative to root; the plan last.
func removeUnder(ctx context.Context, store storage.Store, root storage.URI, keep func(rel string) bool) error {
	var doomed []storage.URI
	plan := false
	err := store.List(ctx, root, func(info storage.Info) error {
		switch {
		case info.URI == PlanURI(root):
			plan = true
		case !keep(strings.TrimPrefix(info.URI.Key, root.Key)):
			doomed = append(doomed, info.URI)
		}
		return nil
	})
	if errors.Is(err, storage.ErrNoBucket) {
		return nil
	}
	if err == nil && len(doomed) > 0 {
		err = store.Delete(ctx, doomed...)
	}
	if err == nil && plan {
		// In a call of its own: one call may delete in any order.
		err = store.Delete(ctx, PlanURI(root))
	}
	if err != nil {
		return fmt.Errorf("sharding: remove staged objects: %w", err)
	}
	return nil
}
