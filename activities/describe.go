package activities

import (
	"context"
	"slices"

	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/storage"
)

// SaveDescription keeps a finished job's description in the store, where it outlives Temporal's retention.
func (a *Activities) SaveDescription(ctx context.Context, d protocol.Description) (string, error) {
	i := slices.IndexFunc(jobs.Kinds(), func(k jobs.Kind) bool { return k.Name == d.Kind })
	if i < 0 {
		return "", clientf("unknown kind of job %q", d.Kind)
	}
	kind := jobs.Kinds()[i]
	uri := a.state.Join(protocol.DescriptionObject(kind, d.Name)...)
	_, err := storage.WriteAll(ctx, a.store, uri, d.JSON, storage.PutOptions{ContentType: "application/json"})
	return uri.String(), err
}
