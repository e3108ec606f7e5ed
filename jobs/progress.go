package jobs

import "encoding/json"

// Progress is how far a running job is, for progress bars and heartbeats.
type Progress struct {
	Stage    string             `json:",omitempty"` // what is being done: "Planning", "Transforming", "Committing", a secondary status
	Done     int64              // of Total, in Unit
	Total    int64              // 0 if unknown
	Unit     string             `json:",omitempty"` // "rows", "rounds" or "bytes"
	Rows     int64              `json:",omitempty"` // records done so far
	Rejected int64              `json:",omitempty"` // records that could not be read
	Metrics  map[string]float64 `json:",omitempty"` // latest values, by name
	Message  string             `json:",omitempty"`
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
