package report_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/jobs/journal"
	"github.com/batchmill/batchmill/report"
)

// scored is a transform of n shards on three workers, with rejects.
func scored(n int) report.Transform {
	began := time.Unix(1_800_000_000, 0)
	rng, fold := rand.New(rand.NewPCG(1, 2)), journal.NewFold(n+2)
	free := make([]time.Time, 6)
	for i := range free {
		free[i] = began.Add(time.Duration(i) * 40 * time.Millisecond)
	}
	for i := range n {
		predictions, classes := journal.NewCounter("SageMakerOutput"), journal.NewCounter("class")
		values := make([]float32, 500)
		for k := range values {
			values[k] = float32(250_000 + 80_000*rng.NormFloat64())
		}
		predictions.Add(values)
		for k := range values {
			values[k] = float32(rng.IntN(3) - 1)
		}
		classes.Add(values)
		at := free[i%len(free)]
		end := at.Add(time.Duration(300+rng.IntN(900)) * time.Millisecond)
		free[i%len(free)] = end
		var rejects journal.Rejects
		for k := range i % 4 {
			rejects.Add("bedrooms", fmt.Sprintf("%q is no number", fmt.Sprint("<b>", k)), "s3://demo/in/a.csv line 12")
		}
		if i%5 == 0 {
			rejects.Add("", "has 3 fields, not 8", "s3://demo/in/b.csv line 3")
		}
		var rejected int64
		for _, r := range rejects {
			rejected += r.Count
		}
		fold.Add(journal.Shard{
			Shard: i, Object: fmt.Sprintf("s3://demo/in/part-%03d.csv", i), Objects: 1 + i%2, Worker: fmt.Sprintf("%d@host", 40+i%3), Attempt: 1 + i%19/18,
			Began: at, Ended: end, Rows: 500 + rejected, Rejected: rejected, Bytes: 5000, Rejects: rejects,
			Values: []journal.Values{predictions.Values(256), classes.Values(256)},
		})
	}
	t := report.Transform{Journal: fold.Journal()}
	t.Description.TransformJobName, t.Description.ModelName = "housing-scores", "housing"
	t.Description.TransformJobStatus = jobs.TransformJobStatusInProgress
	t.Description.TransformOutput.S3OutputPath = "s3://demo/predictions/"
	return t
}

func TestTransformPage(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 2, 120} {
		all := scored(n)
		charts := report.TransformCharts(all)
		for _, c := range charts {
			requireWellFormed(t, string(c.SVG()))
			require.NoError(t, c.PNG(new(bytes.Buffer)))
		}
		require.Equal(t, n, strings.Count(string(charts[2].SVG()), "<title>shard "), "a bar for each shard")
		var b bytes.Buffer
		require.NoError(t, report.TransformHTML(&b, all))
		page := b.String()
		require.NotContains(t, page, "https://")
		require.NotContains(t, page, "src=")
		require.NotContains(t, page, "<b>0")
		require.Contains(t, page, fmt.Sprintf("%d of %d", n, n+2), "a job that still runs")
		require.Contains(t, page, "has 3 fields, not 8")
		require.Contains(t, page, "s3://demo/in/part-000.csv")
	}
	none := scored(0)
	require.Empty(t, report.TransformCharts(none))
	require.NoError(t, report.TransformHTML(new(bytes.Buffer), none))
}
