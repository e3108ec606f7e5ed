package workflows

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/jobs"
)

func TestDetails(t *testing.T) {
	t.Parallel()
	p := jobs.Progress{
		Stage: "Transforming", Done: 50, Total: 200, Unit: "rows", Rows: 50, Bytes: 3 << 19, Rejected: 2,
		Shards: &jobs.ShardCounts{Total: 8, Done: 2, Running: 3, Retried: 1},
	}
	require.Equal(t, `**InProgress** Transforming

* 50 of 200 rows (25 %)
* 5 rows/s
* 1.5 MiB written
* shards: 2 of 8 done, 3 running, 1 retried
* 2 records rejected
* about 30s left
`, details("InProgress", p, 10*time.Second))
}
