package xgboost

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/dataset"
)

// sparseText is the same random rows as libsvm and as CSV, where what is not stored is empty. Every fifth value is stored.
func sparseText(r *rand.Rand, rows, features, classes int) (libsvm, table []byte) {
	var a, b bytes.Buffer
	for range rows {
		score := r.NormFloat64()
		var pairs, fields strings.Builder
		for f := range features {
			fields.WriteByte(',')
			if r.IntN(5) > 0 && f < features-1 { // the last feature is everywhere, so that both know how many there are
				continue
			}
			v := float32(r.IntN(3+40*(f%2))) / 4
			score += float64(v) * float64(f%5-2)
			fmt.Fprintf(&pairs, " %d:%v", f, v)
			fmt.Fprintf(&fields, "%v", v)
		}
		label := min(classes-1, max(0, int(score/4)+classes/2))
		fmt.Fprintf(&a, "%d%s\n", label, pairs.String())
		fmt.Fprintf(&b, "%d%s\n", label, fields.String())
	}
	return a.Bytes(), b.Bytes()
}

// toRecordIO writes a channel's rows as RecordIO.
func toRecordIO(t testing.TB, d *algorithms.Data) []byte {
	reader, err := d.Open(t.Context())
	require.NoError(t, err)
	defer reader.Close()
	var out bytes.Buffer
	w, err := dataset.NewWriter(&out, d.Schema, dataset.WriteOptions{Media: dataset.Media{Format: dataset.RecordIO}})
	require.NoError(t, err)
	for {
		b, err := reader.Next()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		require.NoError(t, w.Write(b))
		b.Release()
	}
	require.NoError(t, w.Close())
	return out.Bytes()
}

// TestSparseTrainsAsDense trains on the same rows sparse (libsvm, RecordIO) and dense (CSV): same model to the byte, same
// metrics, same predictions, whatever is asked for.
func TestSparseTrainsAsDense(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		classes int
		hp      map[string]string
	}{
		"logistic":   {2, map[string]string{"objective": "binary:logistic", "early_stopping_rounds": "3", "eval_metric": "error,logloss"}},
		"best first": {2, map[string]string{"grow_policy": "lossguide", "max_leaves": "20", "sampling_method": "gradient_based", "subsample": "0.5"}},
		"sampled":    {2, map[string]string{"subsample": "0.6", "colsample_bytree": "0.7", "colsample_bylevel": "0.8", "colsample_bynode": "0.7"}},
		"bound":      {5, map[string]string{"monotone_constraints": "(1,-1,0,1)", "interaction_constraints": "[[0,1,2],[2,3,4,5,6]]", "alpha": "0.3"}},
		"classes":    {4, map[string]string{"objective": "multi:softprob", "num_class": "4"}},
		"dart":       {3, map[string]string{"booster": "dart", "rate_drop": "0.5"}},
		"linear":     {3, map[string]string{"booster": "gblinear"}},
		"forest":     {5, map[string]string{"objective": "reg:absoluteerror", "num_parallel_tree": "3", "subsample": "0.7"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(11, uint64(len(name))))
			sparse, dense, records := map[string]*algorithms.Data{}, map[string]*algorithms.Data{}, map[string]*algorithms.Data{}
			for channel, rows := range map[string]int{"train": 600, "validation": 200} {
				libsvm, table := sparseText(r, rows, 20, c.classes)
				sparse[channel] = channelOfBytes(t, "text/libsvm", channel, libsvm)
				dense[channel] = channelOfBytes(t, "text/csv", channel, table)
				records[channel] = channelOfBytes(t, "application/x-recordio-protobuf", channel, toRecordIO(t, sparse[channel]))
			}
			hp := maps.Clone(c.hp)
			hp["num_round"], hp["max_bin"] = "6", "32"
			want := train(t, hp, dense)
			for form, channels := range map[string]map[string]*algorithms.Data{"libsvm": sparse, "RecordIO": records} {
				got := train(t, hp, channels)
				require.Equal(t, string(want.Files[modelFile]), string(got.Files[modelFile]), form)
				require.Equal(t, want.Metrics, got.Metrics, form)
				p := load(t, got.Files)
				require.Equal(t, scoreChannel(t, p, dense["validation"]), scoreChannel(t, p, channels["validation"]), form)
			}
		})
	}
}

// TestSparseGoesOn trains sparse rows in two runs, with the first one's model in the model channel and from a checkpoint, as in
// one, and refreshes a model on them as on dense rows.
func TestSparseGoesOn(t *testing.T) {
	t.Parallel()
	libsvm, table := sparseText(rand.New(rand.NewPCG(13, 1)), 500, 20, 2)
	sparse := map[string]*algorithms.Data{"train": channelOfBytes(t, "text/libsvm", "train", libsvm)}
	dense := map[string]*algorithms.Data{"train": channelOfBytes(t, "text/csv", "train", table)}
	for name, more := range map[string]map[string]string{
		"trees": {"objective": "binary:logistic"}, "linear": {"booster": "gblinear"},
	} {
		hp := func(rounds string) map[string]string {
			hp := maps.Clone(more)
			hp["num_round"] = rounds
			return hp
		}
		whole := train(t, hp("5"), sparse)
		var states [][]byte
		first, err := New().Train(t.Context(), &algorithms.TrainRequest{HyperParameters: hp("5"), Channels: sparse,
			Checkpoint: func(_ int, encode func() ([]byte, error)) error {
				state, err := encode()
				states = append(states, state)
				return err
			}})
		require.NoError(t, err)
		require.Equal(t, whole, first)
		resumed, err := New().Train(t.Context(), &algorithms.TrainRequest{HyperParameters: hp("5"), Channels: sparse, Resume: states[2]})
		require.NoError(t, err)
		require.Equal(t, whole, resumed, name)
		begun := train(t, hp("3"), sparse)
		on, err := New().Train(t.Context(), &algorithms.TrainRequest{HyperParameters: hp("2"), Channels: sparse, Model: asFS(begun.Files)})
		require.NoError(t, err)
		require.Equal(t, whole, on, name)
	}
	model := train(t, map[string]string{"num_round": "3", "subsample": "0.5"}, sparse)
	update := map[string]string{"num_round": "3", "process_type": "update", "updater": "refresh"}
	var refreshed []*algorithms.TrainResult
	for _, channels := range []map[string]*algorithms.Data{sparse, dense} {
		got, err := New().Train(t.Context(), &algorithms.TrainRequest{HyperParameters: update, Channels: channels, Model: asFS(model.Files)})
		require.NoError(t, err)
		refreshed = append(refreshed, got)
	}
	require.NotEqual(t, model.Files[modelFile], refreshed[0].Files[modelFile])
	require.Equal(t, string(refreshed[1].Files[modelFile]), string(refreshed[0].Files[modelFile]))
}

// TestSparseErrors checks what cannot be trained on.
func TestSparseErrors(t *testing.T) {
	t.Parallel()
	for data, reason := range map[string]string{
		"1 0:1\n0 4194304:1\n": "channel train: row 2: feature index 4194304 is not in [0, 4194303]",
		"1 0:1\n0 3:inf\n":     `channel train: column "f3": row 2: the value is infinite`,
		"1\n0\n":               "channel train: no row holds a feature",
	} {
		_, err := New().Train(t.Context(), &algorithms.TrainRequest{HyperParameters: map[string]string{"num_round": "1"},
			Channels: map[string]*algorithms.Data{"train": channelOfBytes(t, "text/libsvm", "a", []byte(data))}})
		require.ErrorContains(t, err, reason)
	}
}

// TestWideRows trains and scores 2,000 rows of 120,000 features, 1 % of them stored: 2.4 million values where a dense table
// would have 240 million cells. It must allocate what the stored values need. It runs by itself, to count only its own memory.
func TestWideRows(t *testing.T) {
	const rows, features, stored = 2000, 120_000, 1200
	r := rand.New(rand.NewPCG(17, 1))
	label, starts := make([]float32, rows), make([]int32, rows+1)
	indices, values := make([]int32, 0, rows*stored), make([]float32, 0, rows*stored)
	for i := range label {
		at := int32(0)
		for range stored {
			at += 1 + int32(r.IntN(2*features/stored-1))
			if at >= features {
				break
			}
			indices, values = append(indices, at), append(values, float32(r.NormFloat64()))
			if at%1000 < 50 {
				label[i] += values[len(values)-1]
			}
		}
		starts[i+1] = int32(len(indices))
	}
	batch := dataset.NewSparseBatch(label, starts, indices, values)
	data := &algorithms.Data{Schema: batch.Schema(), Label: []string{"label"}, Features: []string{"indices", "values"},
		Open: func(context.Context) (dataset.Reader, error) { return &batchReader{batch: batch}, nil }}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	result := train(t, map[string]string{"num_round": "2", "max_depth": "4"}, map[string]*algorithms.Data{"train": data})
	p := load(t, result.Files)
	require.Len(t, scoreChannel(t, p, data), rows)
	runtime.ReadMemStats(&after)
	perValue := float64(after.TotalAlloc-before.TotalAlloc) / float64(len(values))
	t.Logf("%.0f bytes allocated in all for each stored value", perValue)
	require.Less(t, perValue, 250.0, "a cell of a dense table, of which there are 100 for each value, would take 400 bytes as numbers")
}

// batchReader reads one batch.
type batchReader struct {
	batch dataset.Batch
	done  bool
}

func (r *batchReader) Schema() *dataset.Schema { return r.batch.Schema() }
func (r *batchReader) Close() error            { return nil }
func (r *batchReader) Next() (dataset.Batch, error) {
	if r.done {
		return nil, io.EOF
	}
	r.done = true
	r.batch.Retain()
	return r.batch, nil
}

// TestSparseQuality trains on the words of news articles as XGBoost does and holds the two against each other.
func TestSparseQuality(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	paths, channels := map[string]string{}, map[string]*algorithms.Data{}
	for channel, part := range map[string]string{"train": "train", "validation": "test"} {
		paths[channel] = filepath.Join(dir, channel)
		data := newsgroups(t, part)
		require.NoError(t, os.WriteFile(paths[channel], data, 0o600))
		channels[channel] = channelOfBytes(t, "text/libsvm", channel, data)
	}
	params := map[string]any{"num_boost_round": 20, "num_feature": 5000, "objective": "binary:logistic", "eta": 0.3, "max_depth": 6,
		"tree_method": "hist", "base_score": 0.5, "eval_metric": []string{"logloss", "auc"}, "nthread": 1}
	text, err := json.Marshal(params)
	require.NoError(t, err)
	var theirs struct{ Metrics map[string]float64 }
	require.NoError(t, json.Unmarshal([]byte(python(t, "train_sparse.py", string(text), paths["train"], paths["validation"])), &theirs))
	ours := train(t, map[string]string{"num_round": "20", "objective": "binary:logistic", "eta": "0.3", "eval_metric": "logloss,auc"}, channels)
	for _, m := range ours.Metrics {
		t.Logf("%s: ours %.5f, XGBoost's %.5f", m.Name, m.Value, theirs.Metrics[m.Name])
		require.InEpsilon(t, theirs.Metrics[m.Name], m.Value, 0.01, m.Name)
	}
}

// newsgroups is a part of the 20 newsgroups as libsvm: counts of words, and whether the group is about computers.
func newsgroups(t testing.TB, part string) []byte {
	names := strings.Fields(readAllText(t, "newsgroups20", "groups.txt"))
	labels := strings.Fields(readAllText(t, "newsgroups20", part+".labels.txt"))
	var out bytes.Buffer
	documents := bufio.NewScanner(openText(t, "newsgroups20", part+".ldac.gz"))
	documents.Buffer(nil, 1<<20)
	for documents.Scan() {
		var group int
		_, err := fmt.Sscan(labels[0], &group)
		require.NoError(t, err)
		labels = labels[1:]
		about := 0
		if strings.HasPrefix(names[group], "comp.") {
			about = 1
		}
		_, words, _ := strings.Cut(documents.Text(), " ")
		fmt.Fprintf(&out, "%d %s\n", about, words)
	}
	require.NoError(t, documents.Err())
	require.Empty(t, labels)
	return out.Bytes()
}

func readAllText(t testing.TB, elem ...string) string {
	data, err := io.ReadAll(openText(t, elem...))
	require.NoError(t, err)
	return string(data)
}
