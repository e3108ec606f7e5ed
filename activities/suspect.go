package activities

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/batchmill/batchmill/activities/sharding"
	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/storage"
)

// How often work may be begun and not come back. A worker may die of something else, or its neighbour, so once is no proof.
const (
	deathsOfShard = 2 // marked attempts at a shard, after the first one, before it is searched
	deathsOfSpan  = 1 // of several records: one is searched further
	deathsOfLast  = 3 // of what is cut no further, before it is rejected
	deathsInAll   = 6 // marked attempts at a shard of which each part can be worked
)

// reasonDeath is why a record is rejected that ends the process. It is the same for each way in which a process can end, which is not
// the record's to choose.
const reasonDeath = "the process that worked it died each time"

// suspect is what is known of a shard that attempts were lost with, kept in the store: whoever is killed by a record leaves no other trace.
type suspect struct {
	Plan   string
	Shard  int
	Deaths int       // attempts at the whole shard that were begun and did not come back
	Trying *span     `json:",omitempty"` // begun, and not come back so far
	Begun  int       `json:",omitempty"` // how often
	Known  []verdict `json:",omitempty"`

	store storage.Store
	uri   storage.URI
}

type verdict struct {
	Span span
	outcome
}

// readSuspect returns what earlier attempts have left, or a blank sheet.
func readSuspect(ctx context.Context, store storage.Store, root storage.URI, digest string, shard int) (*suspect, error) {
	blank := &suspect{Plan: digest, Shard: shard, store: store, uri: sharding.SuspectURI(root, shard)}
	data, _, err := storage.ReadAll(ctx, store, blank.uri)
	if errors.Is(err, storage.ErrNotFound) {
		return blank, nil
	}
	if err != nil {
		return nil, fmt.Errorf("activities: read suspect: %w", err)
	}
	s := &suspect{store: store, uri: blank.uri}
	if err := json.Unmarshal(data, s); err != nil || s.Plan != digest || s.Shard != shard {
		return blank, nil // of another plan, or not ours
	}
	return s, nil
}

func (s *suspect) write(ctx context.Context) error {
	data, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("activities: encode suspect: %w", err)
	}
	if _, err := storage.WriteAll(ctx, s.store, s.uri, data, storage.PutOptions{ContentType: "application/json"}); err != nil {
		return fmt.Errorf("activities: write suspect: %w", err)
	}
	return nil
}

// begin notes that the whole shard is begun. An error says that it was too often.
func (s *suspect) begin(ctx context.Context) error {
	if s.Deaths >= deathsInAll {
		return jobs.Failf(jobs.AlgorithmError, "%d workers died of shard %d, though each part of it alone can be worked: is there too little memory for a shard?", s.Deaths, s.Shard)
	}
	s.Deaths++
	return s.write(ctx)
}

// ended notes that the whole shard came back, well or with an error.
func (s *suspect) ended(ctx context.Context) error {
	s.Deaths--
	return s.write(context.WithoutCancel(ctx))
}

// trying is a try that survives the process: a span that was begun too often and did not come back has failed.
func (s *suspect) trying(try func(context.Context, span) (outcome, error)) func(context.Context, span) (outcome, error) {
	return func(ctx context.Context, what span) (outcome, error) {
		key := what.String()
		for _, v := range s.Known {
			if v.Span.String() == key {
				return v.outcome, nil
			}
		}
		if s.Trying == nil || s.Trying.String() != key {
			s.Trying, s.Begun = &what, 0
		}
		most := deathsOfSpan
		if what.single() {
			most = deathsOfLast
		}
		o := outcome{Reason: reasonDeath}
		if s.Begun < most {
			s.Begun++
			if err := s.write(ctx); err != nil {
				return o, err
			}
			var err error
			if o, err = try(ctx, what); err != nil {
				s.Begun--
				return o, errors.Join(err, s.write(context.WithoutCancel(ctx)))
			}
		}
		s.Known = append(s.Known, verdict{what, o})
		s.Trying, s.Begun = nil, 0
		return o, s.write(ctx)
	}
}

// single tells a span that is not cut any further: one record, or what must be read to come to any.
func (s span) single() bool {
	return s.Part != nil && s.Part.Rows == 1 || s.Rows != nil && s.Rows.To-s.Rows.From <= 1
}
