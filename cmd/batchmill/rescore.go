package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/batchmill/batchmill/activities"
	"github.com/batchmill/batchmill/activities/sharding"
	"github.com/batchmill/batchmill/storage"
	"github.com/batchmill/batchmill/worker"
)

// rowShare is a part of a job's rows, as a flag: a number of them, a percentage or all.
type rowShare struct {
	text string
	rows int64   // about so many, if not 0
	part float64 // else so much of them, up to 1
}

func (s *rowShare) String() string { return s.text }
func (s *rowShare) Type() string   { return "rows" }
func (s *rowShare) given() bool    { return s.text != "" }

// Set reads the flag.
func (s *rowShare) Set(v string) error {
	*s = rowShare{text: v}
	percent, ok := strings.CutSuffix(v, "%")
	var err error
	switch {
	case v == "all":
		s.part = 1
	case ok:
		s.part, err = strconv.ParseFloat(percent, 64)
		s.part /= 100
		ok = err == nil && s.part > 0 && s.part <= 1
	default:
		s.rows, err = strconv.ParseInt(v, 10, 64)
		ok = err == nil && s.rows > 0
	}
	if v != "all" && !ok {
		return fmt.Errorf("must be a number of rows from 1, a percentage above 0%% and up to 100%%, or all")
	}
	return nil
}

// of is how much of so many rows that is.
func (s *rowShare) of(rows int64) float64 {
	if s.rows == 0 {
		return s.part
	}
	return min(1, float64(s.rows)/float64(max(rows, 1)))
}

// rescore predicts rows of the job's inputs again and adds what it finds to the report.
func (a *app) rescore(ctx context.Context, store storage.Store, m *sharding.Manifest, share rowShare, report *sharding.Report) error {
	known := make(map[string]bool)
	for _, p := range report.Problems {
		known[p.URI] = true
	}
	var meter *byteMeter
	seen := int64(0)
	acts := activities.New(activities.Options{Store: store, Registry: worker.Algorithms()})
	found, err := acts.Rescore(ctx, m, activities.RescoreOptions{Share: share.of(m.Rows), Known: known, Progress: func(done, total int64) {
		if meter == nil {
			meter = newRowMeter(a.errOut, total)
		}
		meter.add(done - seen)
		seen = done
	}})
	if meter != nil {
		meter.stop()
	}
	if err != nil {
		return err
	}
	report.Rescored = found.Rows
	report.Problems = append(report.Problems, found.Problems...)
	return nil
}
