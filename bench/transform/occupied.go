package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/batchmill/batchmill/activities"
	"github.com/batchmill/batchmill/jobs/journal"
	"github.com/batchmill/batchmill/storage"
)

// occupied prints how busy each worker was between the start of the first shard and the end of the last one, as the shards noted it.
func (s *stack) occupied(ctx context.Context, m measured) error {
	state := storage.URI{Bucket: "batchmill"} // where the embedded stack keeps it
	j, err := activities.ReadJournal(ctx, s.client.Store(), state, m.output.String(), m.job)
	if err != nil {
		return err
	}
	if len(j.Slowest) < j.Shards {
		return nil // not every shard is kept
	}
	span := j.Ended.Sub(j.Began)
	fmt.Printf("%d shards in %.2f s, the longest %.2f s\n", j.Shards, span.Seconds(), j.Slowest[0].Took().Seconds())
	for _, w := range j.Workers {
		var own []journal.Shard
		for _, shard := range j.Slowest {
			if shard.Worker == w.Name {
				own = append(own, shard)
			}
		}
		busy, last := atWork(own)
		fmt.Printf("  %-24s %5d shards, %.2f at a time; idle %4.1f %% of the time, %.2f s of it at the end\n",
			w.Name, w.Shards, w.Busy.Seconds()/span.Seconds(), 100*(1-busy.Seconds()/span.Seconds()), j.Ended.Sub(last).Seconds())
	}
	return nil
}

// atWork is for how long at least one of the shards was worked, and when the last one ended.
func atWork(shards []journal.Shard) (busy time.Duration, last time.Time) {
	slices.SortFunc(shards, func(a, b journal.Shard) int { return a.Began.Compare(b.Began) })
	for _, s := range shards {
		if s.Began.After(last) {
			last = s.Began
		}
		if s.Ended.After(last) {
			busy += s.Ended.Sub(last)
			last = s.Ended
		}
	}
	return busy, last
}
