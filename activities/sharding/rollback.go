package sharding

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

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

// Withdraw removes the outputs that a broken commit has assembled. It tells whether the job had committed after all.
func Withdraw(ctx context.Context, store storage.Store, root storage.URI) (committed bool, err error) {
	m, err := ReadManifest(ctx, store, ManifestURI(root))
	if err != nil || m != nil {
		return m != nil, err
	}
	return false, undoOutputs(ctx, store, root)
}

// Rollback removes every trace of a job that failed or was stopped, unless it committed: what Withdraw does, then everything under root.
func Rollback(ctx context.Context, store storage.Store, root storage.URI) (committed bool, err error) {
	switch committed, err := Withdraw(ctx, store, root); {
	case err != nil:
		return false, err
	case committed:
		return true, RemoveStaged(ctx, store, root)
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
	outputs := make([]Output, 0, len(b))
	for _, uri := range slices.Sorted(maps.Keys(b)) {
		outputs = append(outputs, Output{URI: uri})
	}
	now, err := look(ctx, store, outputs)
	if err != nil {
		return fmt.Errorf("sharding: roll back: %w", err)
	}
	r := newRemover(ctx, store)
	for _, out := range outputs {
		if tag := now[out.URI]; tag == "" || tag == b[out.URI] {
			continue
		}
		uri, err := storage.ParseURI(out.URI)
		if err != nil {
			return err
		}
		r.add(uri)
	}
	if err := r.wait(); err != nil {
		return fmt.Errorf("sharding: roll back: %w", err)
	}
	return nil
}
