package jobs

import (
	"fmt"
	"math"
)

// fractionTolerance is how far the fractions of a split may sum beside 1: room for rounding only.
const fractionTolerance = 1e-9

func (j *SplitJob) crossCheck(r *report) {
	checkChannels(r, j.InputDataConfig, "File", nil)
	j.SplitStrategy.crossCheck(r)
	j.checkOutputs(r)
	checkSettings(r, SplitKind, j.Environment)
}

func (s SplitStrategy) crossCheck(r *report) {
	switch s.Type {
	case SplitStratified, SplitGroup, SplitTime:
		if s.Column == "" {
			r.add("splitStrategy.column", nil, "Member must not be null for a split of type %s", s.Type)
		}
	case SplitRandom, SplitKFold:
		if s.Column != "" {
			r.add("splitStrategy.column", s.Column, "Member must be absent for a split of type %s", s.Type)
		}
	}
	if s.Type == SplitKFold && s.Folds == 0 && !r.has("splitStrategy.folds") {
		r.add("splitStrategy.folds", nil, "Member must not be null for a split of type %s", s.Type)
	}
	if s.Type != SplitKFold && s.Type != "" && s.Folds != 0 {
		r.add("splitStrategy.folds", s.Folds, "Member must be absent for a split of type %s", s.Type)
	}
}

func (j *SplitJob) checkOutputs(r *report) {
	if j.SplitStrategy.Type == SplitKFold {
		if len(j.Outputs) > 0 {
			r.add("outputs", showValue(j.Outputs), "Member must be absent for a split of type KFold")
		}
		return
	}
	if len(j.Outputs) == 0 {
		if !r.has("outputs") {
			r.add("outputs", nil, "Member must not be null")
		}
		return
	}
	sum, seen := 0.0, map[string]bool{}
	for i, o := range j.Outputs {
		path := fmt.Sprintf("outputs.%d.member.", i+1)
		if o.Fraction <= 0 && !r.has(path+"fraction") {
			r.add(path+"fraction", o.Fraction, "Member must have value greater than 0")
		}
		if seen[o.ChannelName] && o.ChannelName != "" {
			r.add(path+"channelName", o.ChannelName, "Member must be unique")
		}
		seen[o.ChannelName] = true
		sum += o.Fraction
	}
	if math.Abs(sum-1) > fractionTolerance && !r.has("outputs") {
		r.add("outputs", showValue(j.Outputs), "Member must have fractions that sum to 1, not %.12g", sum)
	}
}
