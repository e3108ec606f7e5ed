package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/algorithms/poison"
	"github.com/batchmill/batchmill/algorithms/xgboost"
	"github.com/batchmill/batchmill/client"
	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/worker"
)

// With deadlyMode in its environment the test binary is a worker that is killed by a row whose first column is deadly, or with
// deadlyTrial as its argument a trial of that worker.
const (
	deadlyMode  = "E2E_DEADLY_WORKER"
	deadlyTrial = "_trial"
	deadly      = 99999
)

// deadlyMain is that worker or trial.
func deadlyMain(ctx context.Context) error {
	kill := func() {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
	registry := algorithms.NewRegistry(poison.Algorithm{Algorithm: xgboost.New(), Values: []float32{deadly}, Do: kill})
	c, err := client.Dial(ctx, client.Options{})
	if err != nil {
		return err
	}
	o := worker.Options{Client: c.Temporal(), Store: c.Store(), State: c.State(), Registry: registry, Concurrency: 2, Trials: []string{os.Args[0], deadlyTrial}}
	if len(os.Args) == 2 && os.Args[1] == deadlyTrial {
		return worker.Trial(ctx, o, os.Stdin, os.Stdout)
	}
	o.Ready = func() { _ = os.WriteFile(os.Getenv(deadlyMode), nil, 0o600) }
	return worker.Run(ctx, o)
}

// TestRowThatKillsWorkers: a row kills each worker that scores it. It is found, rejected, and everything else is scored, with the same
// bytes at any number of shards; a job beside it is none the worse.
func TestRowThatKillsWorkers(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	sane := s.worker(t)
	c := s.covertype(t)
	const row = 7777
	cover := readTable(t, "covertype", "covertype_train80.csv.gz").head(20000)
	s.put(t, "s3://cloth/without/cover.parquet", cover.where(func(i int) bool { return i != row }).parquet(t, 400))
	in := "s3://cloth/without/"
	document := func(name string) object {
		return transformDocument(name, "cover", c.content, in, c.path+"out-"+name+"/", "text/csv")
	}
	s.transform(t, document("reference"))
	sane.stop()

	values := 0
	in = "s3://cloth/deadly/"
	s.put(t, in+"cover.parquet", cover.change("Elevation", func(v string) string {
		if values++; values == row+1 {
			return strconv.Itoa(deadly)
		}
		return v
	}).parquet(t, 400))
	begin := func(name string, shards int) *client.Job {
		doc := setting(document(name), "BATCHMILL_SHARDS", strconv.Itoa(shards))
		return s.begin(t, jobs.TransformKind, setting(doc, "BATCHMILL_MAX_REJECTED_RECORDS", "1"))
	}
	few, many := begin("few", 2), begin("many", 40)
	in = "s3://cloth/without/"
	beside := begin("beside", 20)

	deaths, done := s.deadlyWorkers(t)
	finish[jobs.TransformJobDescription](t, few)
	d := finish[jobs.TransformJobDescription](t, many)
	finish[jobs.TransformJobDescription](t, beside)
	close(done)
	t.Logf("%d workers died", <-deaths)
	require.EqualValues(t, 1, d.Progress.Rejected)
	requireSame(t, s.output(t, c, "few"), s.output(t, c, "many"), "2 and 40 shards")
	for _, name := range []string{"many", "beside"} {
		require.True(t, s.output(t, c, "reference")["cover.parquet.out"] == s.output(t, c, name)["cover.parquet.out"], name)
	}
	s.cli(t, "verify", d.Manifest).ok(t)
	var reject struct {
		Row      int64
		RowGroup int `json:"row_group"`
		Reason   string
	}
	require.NoError(t, json.Unmarshal(s.get(t, c.path+"out-many/_batchmill/many/rejects/rejects.jsonl"), &reject))
	require.EqualValues(t, row+1, reject.Row)
	require.Equal(t, row/400, reject.RowGroup)
	require.Contains(t, reject.Reason, "died")
}

// deadlyWorkers keeps one deadly worker running until done is closed; how many died it tells then.
func (s *stack) deadlyWorkers(t *testing.T) (deaths <-chan int, done chan struct{}) {
	t.Helper()
	done, count := make(chan struct{}), make(chan int, 1)
	go func() {
		died := 0
		for {
			ready := filepath.Join(s.dir, fmt.Sprintf("deadly-%d.ready", died))
			env := append(s.environ(), deadlyMode+"="+ready)
			w, err := startProgram(os.Args[0], env, strings.TrimSuffix(ready, ".ready")+".log", func() bool { _, err := os.Stat(ready); return err == nil })
			if err != nil { // it died before it was ready
				died++
				continue
			}
			select {
			case <-w.ended:
				died++
			case <-done:
				w.kill()
				count <- died
				return
			}
		}
	}()
	return count, done
}
