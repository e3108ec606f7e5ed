package e2e_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/jobs"
)

// rate is how many of the predictions are right.
func rate(truth, predicted []string) float64 {
	right := 0
	for i := range truth {
		if truth[i] == predicted[i] {
			right++
		}
	}
	return float64(right) / float64(len(truth))
}

// commonest is the share of the most frequent value: what predicting it always gets right.
func commonest(truth []string) float64 {
	count := map[string]int{}
	most := 0
	for _, s := range truth {
		count[s]++
		most = max(most, count[s])
	}
	return float64(most) / float64(len(truth))
}

// sides is a table cut in two: every fifth row is for testing.
func (tab table) sides() (train, test table) {
	return tab.where(func(i int) bool { return i%5 != 0 }), tab.where(func(i int) bool { return i%5 == 0 })
}

// trained uploads a training table, trains on it and registers the model under the same name.
func (s *stack) trained(t *testing.T, name, content string, train table, parameters map[string]string) jobs.TrainingJobDescription {
	t.Helper()
	b := s.bucket(t, name)
	s.put(t, b+"train/train.csv", train.csv(t))
	d := s.train(t, trainDocument(name, parameters, b+"models/", channel("train", content, b+"train/")))
	s.model(t, name, d.ModelArtifacts.S3ModelArtifacts)
	return d
}

// scored scores a table with a model and returns the records of the output.
func (s *stack) scored(t *testing.T, name, model, content string, tab table) [][]string {
	t.Helper()
	b := s.bucket(t, model)
	s.put(t, b+name+"/in/rows.csv", tab.csv(t))
	s.transform(t, transformDocument(name, model, content, b+name+"/in/", b+name+"/out/", ""))
	out := records(t, s.get(t, b+name+"/out/rows.csv.out"))
	require.Len(t, out, len(tab.rows))
	return out
}

// TestCovertype: seven classes, their probabilities in order of class; a label that is a number in words.
func TestCovertype(t *testing.T) {
	t.Parallel()
	train, test := readTable(t, "covertype", "covertype_train80.csv.gz").sides()
	content := "text/csv;header=present;label=Cover_Type;text=Cover_Type"
	shared.trained(t, "covertype", content, train, map[string]string{
		"objective": "multi:softprob", "num_class": "7", "max_depth": "6", "num_round": "15", "eta": "0.3"})
	var predicted []string
	for _, record := range shared.scored(t, "covertype-test", "covertype", content, test) {
		require.Len(t, record, 7)
		sum, best, class := 0.0, -1.0, 0
		for i, s := range record {
			p, err := strconv.ParseFloat(s, 64)
			require.NoError(t, err)
			if sum += p; p > best {
				best, class = p, i+1
			}
		}
		require.InDelta(t, 1, sum, 1e-5, "probabilities")
		predicted = append(predicted, strconv.Itoa(class))
	}
	truth := test.column("Cover_Type")
	require.Greater(t, rate(truth, predicted), commonest(truth)+0.2)
}

// TestBankMarketing: a label of yes and no, ten columns of text, a category that training never saw, a renamed column.
func TestBankMarketing(t *testing.T) {
	t.Parallel()
	train, test := readTable(t, "bank_marketing", "bank_additional_full.csv.gz").sides()
	test = test.head(2000)
	content := "text/csv;header=present;label=y"
	d := shared.trained(t, "bank", content, train, map[string]string{
		"objective": "binary:logistic", "max_depth": "5", "num_round": "20", "eta": "0.3"})
	var layout struct{ Classes []string }
	require.NoError(t, json.Unmarshal(artifact(t, shared.get(t, d.ModelArtifacts.S3ModelArtifacts))["batchmill/layout.json"], &layout))
	require.Equal(t, []string{"no", "yes"}, layout.Classes)

	plain := shared.scored(t, "bank-test", "bank", content, test)
	var yes []bool
	for _, y := range test.column("y") {
		yes = append(yes, y == "yes")
	}
	require.Greater(t, auc(yes, table{[]string{"p"}, plain}.numbers(t, "p")), 0.9, "0.5 is chance")

	unseen := shared.scored(t, "bank-unseen", "bank", content, test.change("job", func(string) string { return "astronaut" }))
	missing := shared.scored(t, "bank-missing", "bank", content, test.change("job", func(string) string { return "" }))
	require.Equal(t, missing, unseen, "a category never seen in training counts as missing")
	require.NotEqual(t, plain, missing)

	shuffled := slices.Clone(test.header)
	slices.Reverse(shuffled)
	require.Equal(t, plain, shared.scored(t, "bank-shuffled", "bank", content, test.columns(shuffled...)), "columns are taken by name")

	renamed := table{header: slices.Clone(test.header), rows: test.rows}
	renamed.header[slices.Index(renamed.header, "euribor3m")] = "euribor"
	b := shared.bucket(t, "bank")
	shared.put(t, b+"renamed/rows.csv", renamed.csv(t))
	_, failed := fail[jobs.TransformJobDescription](t, shared.begin(t, jobs.TransformKind,
		transformDocument("bank-renamed", "bank", content, b+"renamed/", b+"renamed-out/", "")))
	require.Equal(t, "Failed", failed.Status)
	for _, part := range []string{"ClientError: ", "renamed/rows.csv", "euribor3m", "euribor"} {
		require.Contains(t, failed.Reason, part)
	}
	require.Empty(t, shared.list(t, b+"renamed-out/"))
}

// artifact unpacks a model.tar.gz with the standard library.
func artifact(t *testing.T, content []byte) map[string][]byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(content))
	require.NoError(t, err)
	files := map[string][]byte{}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		require.NoError(t, err)
		files[h.Name], err = io.ReadAll(r)
		require.NoError(t, err)
	}
}

// TestWineQuality: a text column beside numbers; JSON Lines out.
func TestWineQuality(t *testing.T) {
	t.Parallel()
	train, test := readTable(t, "wine_quality", "wine_quality.csv").sides()
	content := "text/csv;header=present;label=quality"
	shared.trained(t, "wine", content, train, map[string]string{"objective": "reg:squarederror", "num_round": "60", "eta": "0.2", "max_depth": "6"})
	b := shared.bucket(t, "wine")
	shared.put(t, b+"in/rows.csv", test.csv(t))
	shared.transform(t, transformDocument("wine-test", "wine", content, b+"in/", b+"out/", "application/jsonlines"))
	var predicted []float64
	for line := range strings.Lines(string(shared.get(t, b+"out/rows.csv.out"))) {
		var row map[string]float64
		require.NoError(t, json.Unmarshal([]byte(line), &row), "%s", line)
		require.Len(t, row, 1)
		for _, p := range row {
			predicted = append(predicted, p)
		}
	}
	truth := test.numbers(t, "quality")
	require.Len(t, predicted, len(truth))
	require.Less(t, rmse(truth, predicted), 0.85*rmse(truth, constant(mean(train.numbers(t, "quality")), len(truth))))
}

// TestBoston: SageMaker's own convention, no header and the label first; scoring gets the features alone.
func TestBoston(t *testing.T) {
	t.Parallel()
	all := readTable(t, "boston_housing", "boston.csv")
	labelFirst := append([]string{"medv"}, all.header[:len(all.header)-1]...)
	train, test := all.columns(labelFirst...).sides()
	bare := func(tab table) []byte { _, body, _ := bytes.Cut(tab.csv(t), []byte("\n")); return body }
	b := shared.bucket(t, "boston")
	shared.put(t, b+"train/train.csv", bare(train))
	shared.put(t, b+"in/a.csv", bare(test.columns(labelFirst[1:]...)))
	d := shared.train(t, trainDocument("boston", map[string]string{"objective": "reg:squarederror", "num_round": "60", "eta": "0.1", "max_depth": "4"},
		b+"models/", channel("train", "text/csv", b+"train/")))
	shared.model(t, "boston", d.ModelArtifacts.S3ModelArtifacts)
	shared.transform(t, transformDocument("boston", "boston", "text/csv", b+"in/", b+"out/", ""))
	truth := test.numbers(t, "medv")
	require.Less(t, rmse(truth, predictions(t, shared.get(t, b+"out/a.csv.out"))), 0.5*rmse(truth, constant(mean(train.numbers(t, "medv")), len(truth))))
}
