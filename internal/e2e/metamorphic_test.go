package e2e_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"

	"github.com/batchmill/batchmill/client"
	"github.com/batchmill/batchmill/jobs"
)

// cloth is what the metamorphic and the kill tests score: covertype as Parquet of many row groups, adult as one large CSV of
// several units among small ones, and a model for each.
type cloth struct {
	name, content, in string
	path              string // below which the transforms' outputs go
}

// covertype is the Parquet cloth.
func (s *stack) covertype(t *testing.T) cloth {
	t.Helper()
	b := s.bucket(t, "cloth")
	cover := readTable(t, "covertype", "covertype_train80.csv.gz")
	s.trained(t, "cover", "text/csv;header=present;label=Cover_Type;text=Cover_Type", cover.head(2000),
		map[string]string{"objective": "multi:softprob", "num_class": "7", "max_depth": "5", "num_round": "8"})
	s.put(t, b+"parquet/day=1/cover.parquet", cover.head(20000).parquet(t, 400))
	s.put(t, b+"parquet/day=2/cover.parquet", cover.head(1000).parquet(t, 999))
	return cloth{"parquet", "application/x-parquet;label=Cover_Type", b + "parquet/", b}
}

// adult is the CSV cloth.
func (s *stack) adult(t *testing.T) cloth {
	t.Helper()
	b := s.bucket(t, "cloth")
	adult := readTable(t, "adult", "adult_train80.csv.gz")
	s.trained(t, "adult", "text/csv;header=present;label=income;ignore=source_split", adult.head(4000),
		map[string]string{"objective": "binary:logistic", "max_depth": "5", "num_round": "8"})
	head, body, _ := bytes.Cut(adult.csv(t), []byte("\n"))
	large := append(append(head, '\n'), bytes.Repeat(body, 36<<20/len(body))...)
	s.put(t, b+"csv/b-large.csv", large)
	for i := range 16 {
		s.put(t, fmt.Sprintf("%scsv/%c%d-small.csv", b, 'a'+2*(i%2), i), adult.where(func(row int) bool { return row%16 == i }).csv(t))
	}
	return cloth{"csv", "text/csv;header=present;label=income;ignore=source_split", b + "csv/", b}
}

func (c cloth) transform(name string) object {
	model := "cover"
	if c.name == "csv" {
		model = "adult"
	}
	return transformDocument(name, model, c.content, c.in, c.path+"out-"+name+"/", "")
}

// output is everything under a job's output path.
func (s *stack) output(t *testing.T, c cloth, name string) map[string]string {
	t.Helper()
	return s.contents(t, c.path+"out-"+name+"/", name)
}

// TestSameBytes: the outputs and the manifest have the same bytes for 1, 3 and 17 shards, on 1 and on 3 workers.
func TestSameBytes(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.worker(t, "--concurrency", "1")
	cloths := []cloth{s.covertype(t), s.adult(t)}
	want := map[string]map[string]string{}
	for _, workers := range []int{1, 3} {
		for len(s.workers) < workers {
			s.worker(t, "--concurrency", "1")
		}
		seen := map[string]bool{}
		for _, c := range cloths {
			for _, shards := range []int{1, 3, 17} {
				name := fmt.Sprintf("same-%s-%d-shards-%d-workers", c.name, shards, workers)
				doc := setting(c.transform(name), "BATCHMILL_SHARDS", fmt.Sprint(shards))
				job := s.begin(t, jobs.TransformKind, doc)
				d := finish[jobs.TransformJobDescription](t, job)
				s.cli(t, "verify", d.Manifest).ok(t)
				got := s.output(t, c, name)
				if want[c.name] == nil {
					want[c.name] = got
					s.checkWhole(t, c, got)
				}
				requireSame(t, want[c.name], got, name)
				for _, identity := range s.scoredBy(t, job) {
					seen[identity] = true
				}
			}
		}
		require.Len(t, seen, workers, "all workers have scored")
	}
	s.checkFlippedByte(t, cloths[0])
}

// checkWhole looks into the output that the others are compared with.
func (s *stack) checkWhole(t *testing.T, c cloth, got map[string]string) {
	t.Helper()
	if c.name == "parquet" {
		require.Len(t, got, 3)
		require.Contains(t, got, "day=1/cover.out.parquet")
		return
	}
	require.Len(t, got, 17+1)
	in := s.contents(t, c.in, "\x00")
	for name, content := range in {
		require.Equal(t, strings.Count(content, "\n")-1, strings.Count(got[name+".out"], "\n"), name)
	}
}

// checkFlippedByte: verify notices one flipped bit.
func (s *stack) checkFlippedByte(t *testing.T, c cloth) {
	t.Helper()
	name := "same-parquet-3-shards-3-workers"
	object := c.path + "out-" + name + "/day=1/cover.out.parquet"
	content := s.get(t, object)
	content[len(content)/2] ^= 1
	s.put(t, object, content)
	r := s.cli(t, "verify", c.path+"out-"+name+"/_batchmill/"+name+"/manifest.json")
	require.Equal(t, 1, r.code)
	require.Contains(t, r.stdout, "day=1/cover.out.parquet")
	require.Contains(t, r.stdout, "CRC-64")
	require.Empty(t, r.stderr)
}

// scoredBy tells which workers finished scoring activities of a job.
func (s *stack) scoredBy(t *testing.T, job *client.Job) []string {
	t.Helper()
	var found []string
	events := s.Temporal().GetWorkflowHistory(t.Context(), job.Kind.WorkflowID(job.Name), "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	scheduled := map[int64]string{}
	for events.HasNext() {
		e, err := events.Next()
		require.NoError(t, err)
		if a := e.GetActivityTaskScheduledEventAttributes(); a != nil {
			scheduled[e.GetEventId()] = a.GetActivityType().GetName()
		}
		if a := e.GetActivityTaskCompletedEventAttributes(); a != nil && scheduled[a.GetScheduledEventId()] == "TransformShards" {
			found = append(found, a.GetIdentity())
		}
	}
	return found
}
