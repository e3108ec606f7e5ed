package activities

import (
	"context"
	"encoding/json"
)

// Trial asks whether a part of a shard can be worked. It is JSON on its way to another process.
type Trial struct {
	PlanURI, Digest string
	Shard           int
	Span            span
}

// TrialResult is the answer. It is JSON, too.
type TrialResult struct {
	outcome
	// Error says that the trial could not be made: it says nothing of the span.
	Error string `json:",omitempty"`
}

// Died is the answer for a process that ended without one.
func Died() TrialResult { return TrialResult{outcome: outcome{Reason: reasonDeath}} }

// Try makes a trial in this process.
func (a *Activities) Try(ctx context.Context, t Trial) (TrialResult, error) {
	plan, err := a.plans.get(ctx, a.store, t.PlanURI, t.Digest)
	if err != nil {
		return TrialResult{}, err
	}
	var params transformParams
	if err := json.Unmarshal(plan.Params, &params); err != nil {
		return TrialResult{}, err
	}
	predictor, err := a.predictor(ctx, params)
	if err != nil {
		return TrialResult{}, err
	}
	shards, err := plan.ReadShards(ctx, a.store, t.Shard, t.Shard+1)
	if err != nil {
		return TrialResult{}, err
	}
	o, err := (&scoring{params, predictor, plan.ShardCount}).try(ctx, &opener{store: a.store}, shards[0], t.Span)
	return TrialResult{outcome: o}, err
}

// Elsewhere makes a trial in another process. Its error says that the trial could not be made.
type Elsewhere func(ctx context.Context, t Trial) (TrialResult, error)

// tryElsewhere makes a trial where a death costs no worker.
func (a *Activities) tryElsewhere(ctx context.Context, t Trial) (outcome, error) {
	r, err := a.elsewhere(ctx, t)
	return r.outcome, err
}
