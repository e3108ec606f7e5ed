package xgboost

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/dataset"
	"github.com/batchmill/batchmill/internal/testdata"
)

// channelOf makes a channel of a shared file as the dataset package reads it.
func channelOf(t testing.TB, contentType string, elem ...string) *algorithms.Data {
	data, err := os.ReadFile(testdata.Path(t, elem...))
	require.NoError(t, err)
	return channelOfBytes(t, contentType, elem[len(elem)-1], data)
}

func channelOfBytes(t testing.TB, contentType, name string, data []byte) *algorithms.Data {
	media, err := dataset.ParseMedia(contentType)
	require.NoError(t, err)
	obj := dataset.InMemory(name, data)
	schema, err := dataset.Infer(context.Background(), []dataset.Object{obj}, media)
	require.NoError(t, err)
	roles, err := media.Roles(schema, true)
	require.NoError(t, err)
	return &algorithms.Data{Schema: schema, Label: roles.Label, Weight: roles.Weight, Group: roles.Group, Features: roles.Features, Named: roles.Named,
		Open: func(ctx context.Context) (dataset.Reader, error) {
			return dataset.NewReader(ctx, obj, dataset.ReadOptions{Media: media, Schema: schema})
		}}
}

func train(t testing.TB, hp map[string]string, channels map[string]*algorithms.Data) *algorithms.TrainResult {
	result, err := New().Train(context.Background(), &algorithms.TrainRequest{HyperParameters: hp, Channels: channels})
	require.NoError(t, err)
	return result
}

// scoreChannel scores the features of a channel, all at once.
func scoreChannel(t testing.TB, p algorithms.Predictor, d *algorithms.Data) (out []float32) {
	eachFeatures(t, d, func(features dataset.Batch) {
		s, err := p.Bind(features.Schema(), d.Named)
		require.NoError(t, err)
		col, err := s.Score(features)
		require.NoError(t, err)
		out = append(out, values(t, col)...)
	})
	return out
}

// eachFeatures calls do with the features of a channel, batch by batch.
func eachFeatures(t testing.TB, d *algorithms.Data, do func(features dataset.Batch)) {
	t.Helper()
	reader, err := d.Open(context.Background())
	require.NoError(t, err)
	defer reader.Close()
	for {
		batch, err := reader.Next()
		if err == io.EOF {
			return
		}
		require.NoError(t, err)
		features, err := dataset.SelectColumns(batch, d.Features)
		require.NoError(t, err)
		do(features)
	}
}

// TestLibSVM trains on sparse rows as they come, and meets XGBoost's metric.
func TestLibSVM(t *testing.T) {
	t.Parallel()
	ref := loadReference(t, "agaricus_logistic")
	channels := map[string]*algorithms.Data{
		"train":      channelOf(t, "text/libsvm", "agaricus", "agaricus.txt.train"),
		"validation": channelOf(t, "text/libsvm", "agaricus", "agaricus.txt.test"),
	}
	result := train(t, ref.info.hyperParameters(), channels)
	require.InEpsilon(t, 0.02883836469415883, result.Metrics[3].Value, 1e-4)
	p := load(t, result.Files)
	require.Len(t, p.Features(), 127)
	require.Equal(t, scoreRows(t, p, ref.test), scoreChannel(t, p, channels["validation"]), "sparse and dense rows score the same")
}

// TestCSV trains on text, boolean and number columns with a text label, and weights.
func TestCSV(t *testing.T) {
	t.Parallel()
	data := channelOf(t, "text/csv;header=present;label=income", "adult", "adult_train80.csv.gz")
	result := train(t, map[string]string{"objective": "binary:logistic", "num_round": "10", "eval_metric": "auc"}, map[string]*algorithms.Data{"train": data})
	require.Greater(t, result.Metrics[0].Value, 0.91)
	p := load(t, result.Files).(*predictor)
	require.Equal(t, []string{"<=50K", ">50K"}, p.layout.Classes)
	require.Len(t, scoreChannel(t, p, data), 39074)
}

// TestCSVWeights checks that a weight of 2 is as good as a row that comes twice.
func TestCSVWeights(t *testing.T) {
	t.Parallel()
	var weighted, twice bytes.Buffer
	for i := range 400 {
		x, y, w := i%37, (i*7)%11, 1+i%2
		fmt.Fprintf(&weighted, "%d,%d,%d\n", y, w, x)
		for range w {
			fmt.Fprintf(&twice, "%d,%d\n", y, x)
		}
	}
	hp := map[string]string{"num_round": "5", "min_child_weight": "4"}
	b := load(t, train(t, hp, map[string]*algorithms.Data{"train": channelOfBytes(t, "text/csv", "b", twice.Bytes())}).Files)
	hp["csv_weights"] = "1"
	a := load(t, train(t, hp, map[string]*algorithms.Data{"train": channelOfBytes(t, "text/csv", "a", weighted.Bytes())}).Files)
	column := rows{{name: "y"}, {name: "x"}}
	for x := range 37 {
		column[0].numbers, column[1].numbers = append(column[0].numbers, 0), append(column[1].numbers, float32(x))
	}
	va, vb := scoreRows(t, a, column), scoreRows(t, b, column)
	for i := range va {
		require.InDelta(t, vb[i], va[i], 1e-4)
	}
}

// TestSecondPass checks that rows are read once while they fit the sketch and twice beyond.
func TestSecondPass(t *testing.T) {
	t.Parallel()
	for n, passes := range map[int]int{1000: 1, 300000: 2} {
		table := rows{{name: "y"}, {name: "x"}}
		for i := range n {
			x := float32(i%997) + float32(i)/float32(n)
			table[1].numbers = append(table[1].numbers, x)
			table[0].numbers = append(table[0].numbers, x*x)
		}
		data, opened := table.data(), 0
		open := data.Open
		data.Open = func(ctx context.Context) (dataset.Reader, error) { opened++; return open(ctx) }
		result := train(t, map[string]string{"num_round": "20", "eta": "0.5"}, map[string]*algorithms.Data{"train": data})
		require.Equal(t, passes, opened, n)
		require.Less(t, result.Metrics[0].Value, 10000.0) // the label goes to 994,009
	}
}
