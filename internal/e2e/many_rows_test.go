package e2e_test

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/client"
	"github.com/batchmill/batchmill/dataset"
	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/storage"
)

// groupsOfObject is how many row groups, each of them a shard, the objects of many have.
const groupsOfObject = 1000

// many is an input of many shards: objects of numbered rows in small row groups. All objects hold the same rows but for their numbers, so
// one that was scored undisturbed tells what the others are to come to.
type many struct {
	s            *stack
	path         string
	shards, rows int // shards in all, rows of each
	want         []float32
	reference    []byte // the output of the first object
}

const manyContent = "application/x-parquet;ignore=number"

// hills is the table that a model of that name predicts a column of.
func (s *stack) hills(t *testing.T) table {
	t.Helper()
	hills := readTable(t, "covertype", "covertype_train80.csv.gz").columns("Elevation", "Aspect", "Slope")
	s.trained(t, "hills", "text/csv;header=present;label=Elevation", hills.head(2000), map[string]string{"objective": "reg:squarederror", "num_round": "5"})
	return hills
}

// many stores the input and has its first object scored by itself. It needs a worker.
func (s *stack) many(t *testing.T, shards, rows int) *many {
	t.Helper()
	m := &many{s: s, path: s.bucket(t, "many"), shards: shards, rows: rows}
	hills := s.hills(t).columns("Aspect", "Slope")
	columns := make([][]float32, len(hills.header))
	for c, name := range hills.header {
		values := hills.numbers(t, name)
		for i := range min(shards, groupsOfObject) * rows {
			columns[c] = append(columns[c], float32(values[i%len(values)]))
		}
	}
	for i := range m.objects() {
		groups := min(groupsOfObject, shards-i*groupsOfObject)
		content := numbered(t, hills.header, columns, i*groupsOfObject*rows, groups*rows, rows)
		if s.put(t, m.path+"in/"+m.object(i)+".parquet", content); i == 0 {
			s.put(t, m.path+"one/"+m.object(i)+".parquet", content)
		}
	}
	one := transformDocument("undisturbed", "hills", manyContent, m.path+"one/", m.out("undisturbed"), "")
	one["DataProcessing"] = object{"JoinSource": "Input"}
	s.transform(t, one)
	uri := m.output("undisturbed", 0)
	m.reference = s.get(t, uri)
	m.want = m.predictions(t, uri, 0)
	require.Len(t, m.want, min(shards, groupsOfObject)*rows)
	return m
}

func (m *many) objects() int { return (m.shards + groupsOfObject - 1) / groupsOfObject }

func (m *many) object(i int) string { return fmt.Sprintf("part-%05d", i) }

func (m *many) out(job string) string { return m.path + "out-" + job + "/" }

func (m *many) output(job string, i int) string { return m.out(job) + m.object(i) + ".out.parquet" }

// transform is a job over all of it, a shard for each row group.
func (m *many) transform(name string) object {
	doc := setting(transformDocument(name, "hills", manyContent, m.path+"in/", m.out(name), ""), "BATCHMILL_SHARDS", strconv.Itoa(m.shards))
	doc["DataProcessing"] = object{"JoinSource": "Input"}
	return doc
}

// numbered writes a Parquet object of the first rows of columns, with their numbers from first on in a column before them.
func numbered(t *testing.T, names []string, columns [][]float32, first, rows, groupRows int) []byte {
	t.Helper()
	numbers := make([]int64, rows)
	for i := range numbers {
		numbers[i] = int64(first + i)
	}
	fields, data := []dataset.Field{{Name: "number", Type: dataset.Int64Type}}, []dataset.Column{dataset.NewInt64(numbers)}
	for c, name := range names {
		fields, data = append(fields, dataset.Field{Name: name, Type: dataset.Float32Type}), append(data, dataset.NewFloat32(columns[c][:rows]))
	}
	var b bytes.Buffer
	schema := dataset.NewSchema(true, fields...)
	w, err := dataset.NewWriter(&b, schema, dataset.WriteOptions{Media: dataset.Media{Format: dataset.Parquet}, RowGroupRows: groupRows})
	require.NoError(t, err)
	batch := dataset.NewBatch(schema, data, rows)
	defer batch.Release()
	require.NoError(t, w.Write(batch))
	require.NoError(t, w.Close())
	return b.Bytes()
}

// predictions reads an output, whose rows are to be numbered from first on, each once and in order.
func (m *many) predictions(t *testing.T, at string, first int) (all []float32) {
	t.Helper()
	info, err := m.s.Store().Stat(t.Context(), uri(t, at))
	require.NoError(t, err)
	r, err := dataset.NewReader(t.Context(), storage.NewObject(m.s.Store(), info), dataset.ReadOptions{
		Media: dataset.Media{Format: dataset.Parquet}, Columns: []string{"number", "SageMakerOutput"},
	})
	require.NoError(t, err)
	defer r.Close()
	for {
		batch, err := r.Next()
		if err == io.EOF {
			return all
		}
		require.NoError(t, err)
		n := int(batch.NumRows())
		numbers, values := make([]float64, n), make([]float32, n)
		require.NoError(t, dataset.Float64s(batch.Column(0), numbers))
		require.NoError(t, dataset.Floats(batch.Column(1), values))
		for i, number := range numbers {
			if want := first + len(all) + i; int(number) != want {
				t.Fatalf("%s: row %d stands where row %d should", at, int(number), want)
			}
		}
		all = append(all, values...)
		batch.Release()
	}
}

// requireWhole checks a job's output row by row, and the first object byte by byte. It returns how many rows there are.
func (m *many) requireWhole(t *testing.T, job string) (rows int) {
	t.Helper()
	require.True(t, bytes.Equal(m.reference, m.s.get(t, m.output(job, 0))), "the first object has other bytes than undisturbed")
	for i := range m.objects() {
		at := m.output(job, i)
		got := m.predictions(t, at, rows)
		require.Len(t, got, min(groupsOfObject, m.shards-i*groupsOfObject)*m.rows, at)
		for k, p := range got {
			if p != m.want[k] {
				t.Fatalf("%s: row %d has %v and should have %v", at, rows+k, p, m.want[k])
			}
		}
		rows += len(got)
	}
	require.Equal(t, []string{"manifest.json"}, below(m.s.list(t, m.out(job)+"_batchmill/"+job+"/"), job))
	return rows
}

// complete waits for a job for as long as it takes.
func (m *many) complete(t *testing.T, job *client.Job, progress func(jobs.Progress)) jobs.TransformJobDescription {
	t.Helper()
	d, err := job.Wait(t.Context(), progress)
	require.NoError(t, err)
	return decode[jobs.TransformJobDescription](t, d)
}
