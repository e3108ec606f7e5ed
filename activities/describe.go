package activities

import (
	"context"
	"slices"

	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/storage"
)

// DescriptionURI is where the description of a finished job is kept.
func DescriptionURI(state storage.URI, idPrefix, name string) storage.URI {
	return state.Join("jobs", idPrefix, name+".json")
}

// SaveDescription keeps a finished job's description in the store, where it outlives Temporal's retention.
func (a *Activities) SaveDescription(ctx context.Context, d protocol.Description) (string, error) {
	i := slices.IndexFunc(jobs.Kinds(), func(k jobs.Kind) bool { return k.Name == d.Kind })
	if i < 0 {
		return "", clientf("unknown kind of job %q", d.Kind)
	}
	kind := jobs.Kinds()[i]
	uri := DescriptionURI(a.state, kind.IDPrefix, d.Name)
	_, err := storage.WriteAll(ctx, a.store, uri, d.JSON, storage.PutOptions{ContentType: "application/json"})
	return uri.String(), err
}
