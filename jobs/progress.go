package jobs

import (
	"encoding/json"
	"time"
)

// Progress is how far a running job is, for progress bars and heartbeats.
type Progress struct {
	Stage    string             `json:",omitempty"` // what is being done: "Planning", "Transforming", "Committing", a secondary status
	Began    *Time              `json:",omitempty"` // the stage, where its speed means something
	Done     int64              // of Total, in Unit
	Total    int64              // 0 if unknown
	Unit     string             `json:",omitempty"` // "rows", "rounds" or "bytes"
	Rows     int64              `json:",omitempty"` // records done so far
	Rejected int64              `json:",omitempty"` // records that could not be read
	Bytes    int64              `json:",omitempty"` // written so far
	Shards   *ShardCounts       `json:",omitempty"` // of a job that is cut into shards
	Metrics  map[string]float64 `json:",omitempty"` // latest values, by name
	Message  string             `json:",omitempty"`
}

// ShardCounts says where a job's shards are.
type ShardCounts struct {
	Total, Done, Running int
	Retried              int `json:",omitempty"` // of those done, in a task that took more than one attempt
}

// Left estimates the time to the end of the stage from what was done of it in d; ok is false where that says nothing.
func (p Progress) Left(d time.Duration) (left time.Duration, ok bool) {
	done, total := float64(p.Done), float64(p.Total)
	if p.Total == 0 && p.Shards != nil {
		done, total = float64(p.Shards.Done), float64(p.Shards.Total)
	}
	if done <= 0 || total <= done || d < time.Second {
		return 0, false
	}
	return time.Duration(float64(d) * (total - done) / done).Round(time.Second), true
}

// MarshalJSON leaves out metrics that JSON cannot hold: NaN and infinities.
func (p Progress) MarshalJSON() ([]byte, error) {
	type plain Progress // without this method
	finite := map[string]float64{}
	for _, name := range sortedKeys(p.Metrics) {
		if isFinite(p.Metrics[name]) {
			finite[name] = p.Metrics[name]
		}
	}
	p.Metrics = finite
	return json.Marshal(plain(p))
}
