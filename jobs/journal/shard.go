// Package journal records how the shards of a transform went, for reports: when, by whom, how many rows, what was rejected for
// what reason, and how the predictions are distributed. What a shard notes is a few kilobytes; a Fold makes one Journal of all of
// them, whose size is bounded whatever their number. Nothing of it is part of a job's output.
package journal

import (
	"regexp"
	"slices"
	"time"
)

// Shard is what one shard notes.
type Shard struct {
	Shard        int
	Object       string // URI of the first object it reads
	Objects      int    // how many
	Worker       string // the process that worked it
	Attempt      int    // of the task it was worked in, from 1
	Began, Ended time.Time
	Rows         int64 // read
	Rejected     int64
	Bytes        int64    // staged
	Rejects      []Reject `json:",omitempty"`
	Values       []Values `json:",omitempty"` // of the first prediction columns
}

// Took is how long the shard was worked.
func (s *Shard) Took() time.Duration { return s.Ended.Sub(s.Began) }

// Reject counts the records that were rejected for one reason.
type Reject struct {
	Column string `json:",omitempty"`
	Reason string
	First  string `json:",omitempty"` // where the first of them stands
	Count  int64
}

// Bounds on how many reasons are told apart in a shard and in a journal. What is beyond is counted as OtherReasons.
const (
	shardReasons   = 20
	journalReasons = 100
	OtherReasons   = "other reasons"
)

// Rejects counts records by the reason they were rejected for, in order of their first appearance.
type Rejects []Reject

// quoted is what differs between two records that are bad in the same way.
var quoted = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)

// Add counts a record. Values that its reason quotes do not make it another reason.
func (r *Rejects) Add(column, reason, place string) {
	r.count(Reject{column, quoted.ReplaceAllString(reason, `"…"`), place, 1}, shardReasons)
}

func (r *Rejects) count(c Reject, most int) {
	same := func(c Reject) int {
		return slices.IndexFunc(*r, func(o Reject) bool { return o.Column == c.Column && o.Reason == c.Reason })
	}
	i := same(c)
	if i < 0 && len(*r) >= most {
		c.Column, c.Reason = "", OtherReasons
		i = same(c)
	}
	if i < 0 {
		*r = append(*r, c)
		return
	}
	(*r)[i].Count += c.Count
}
