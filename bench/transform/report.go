package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/batchmill/batchmill/storage"
)

// rival is a side of bench/peers/transform.py with what we want of ours against it.
type rival struct {
	format string
	scores bool    // it is no mere copy
	faster float64 // least ratio of our rows per second to theirs
	memory float64 // largest ratio of our peak memory to theirs; 0: none is set
}

var rivals = map[string]rival{
	"script":             {format: "parquet", scores: true, faster: 2},
	"ray":                {format: "parquet", scores: true, faster: 4, memory: 0.25},
	"spark":              {format: "parquet", scores: true, faster: 4, memory: 0.25},
	"duckdb-copy":        {format: "parquet", faster: 0.6},
	"polars-copy":        {format: "parquet", faster: 0.6},
	"pandas-csv":         {format: "csv", scores: true, faster: 2},
	"pandas-csv-pyarrow": {format: "csv", scores: true, faster: 2},
	"pandas-jsonl":       {format: "jsonl", scores: true, faster: 2},
}

// Targets of our own.
const (
	overheadShare = 0.35 // of wall time that is not predicting
	objectMillis  = 3.0  // of wall time, where objects are tiny
	tinyRows      = 1000 // in an object
)

func report(o options, m measured, alone time.Duration) {
	fmt.Printf("wall time, submit to end    %8.2f s\n", m.wall.Seconds())
	fmt.Printf("end to end                  %8.0f rows/s\n", float64(o.rows)/m.wall.Seconds())
	fmt.Printf("predictor alone, in memory  %8.2f s, %.0f rows/s on all cores\n", alone.Seconds(), float64(o.rows)/alone.Seconds())
	overhead := 1 - alone.Seconds()/m.wall.Seconds()
	fmt.Printf("not predicting              %8.0f %% of wall time (at most %.0f %%: %s)\n", 100*overhead, 100*overheadShare, verdict(overhead <= overheadShare))
	fmt.Printf("workers' CPU time           %8.2f s; the servers' %.2f s\n", m.cpu.Seconds(), m.servers.cpu.Seconds())
	fmt.Printf("worker's peak memory        %8.0f MiB (VmHWM; at most %d: %s)\n", mib(m.peak), o.bound>>20, verdict(m.peak <= o.bound))
	if o.rows/o.objects <= tinyRows {
		each := m.wall.Seconds() * 1000 / float64(o.objects)
		fmt.Printf("per object                  %8.2f ms of wall time (at most %g: %s)\n", each, objectMillis, verdict(each <= objectMillis))
	}
}

func verdict(met bool) string {
	if met {
		return "met"
	}
	return "**missed**"
}

func mib(bytes int64) float64 { return float64(bytes) / (1 << 20) }

// compared prints the rivals' table.
func compared(o options, sides []measured) {
	if len(sides) < 2 {
		return
	}
	fmt.Printf("\n| side | s | million rows/s | ours / theirs | target | peak MiB, ours / theirs | target | CPU s | store's CPU s | | version |\n|---|---|---|---|---|---|---|---|---|---|---|\n")
	ours := sides[0]
	for i, m := range sides {
		row := []string{m.side, f(m.wall.Seconds()), f(float64(o.rows) / 1e6 / m.wall.Seconds())}
		if i == 0 {
			row = append(row, "", "", fmt.Sprintf("%.0f", mib(m.peak)), "", f(m.cpu.Seconds()), f(m.servers.cpu.Seconds()), "", m.version)
		} else {
			row = append(row, m.against(ours, rivals[m.side])...)
		}
		fmt.Println("| " + strings.Join(row, " | ") + " |")
	}
}

// against are the columns of a rival's row from the ratio on.
func (m measured) against(ours measured, r rival) []string {
	faster, memory := m.wall.Seconds()/ours.wall.Seconds(), float64(ours.peak)/float64(m.peak)
	met, memoryTarget := faster >= r.faster, ""
	if r.memory > 0 {
		met, memoryTarget = met && memory <= r.memory, fmt.Sprintf("<= %g", r.memory)
	}
	return []string{
		f(faster), fmt.Sprintf(">= %g", r.faster), fmt.Sprintf("%.0f, %.2f", mib(m.peak), memory), memoryTarget,
		f(m.cpu.Seconds()), f(m.servers.cpu.Seconds()), verdict(met), m.version,
	}
}

func f(v float64) string { return fmt.Sprintf("%.2f", v) }

// remove deletes what lies below a prefix.
func (s *stack) remove(ctx context.Context, prefix storage.URI) error {
	var uris []storage.URI
	if err := s.client.Store().List(ctx, prefix, func(info storage.Info) error {
		uris = append(uris, info.URI)
		return nil
	}); err != nil {
		return err
	}
	return s.client.Store().Delete(ctx, uris...)
}
