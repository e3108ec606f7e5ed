package xgboost

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/algorithms"
)

// TestQueriesOfFormats ranks the same rows as libsvm with qid: and as a table with a column qid.
func TestQueriesOfFormats(t *testing.T) {
	t.Parallel()
	text, err := io.ReadAll(openText(t, "lightgbm_examples", "rank.train.gz"))
	require.NoError(t, err)
	queries := queriesOf(t, "lightgbm_examples", "rank.train.query")
	var lines bytes.Buffer
	for i, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		label, rest, _ := strings.Cut(line, " ")
		fmt.Fprintf(&lines, "%s qid:%.0f %s\n", label, queries[i], rest)
	}
	hp := map[string]string{"objective": "rank:ndcg", "num_round": "5", "eval_metric": "ndcg@5,auc"}
	sparse := train(t, hp, map[string]*algorithms.Data{"train": channelOfBytes(t, "text/libsvm", "rank", lines.Bytes())})
	table := readLibSVM(t, 301, 0, "lightgbm_examples", "rank.train.gz").withColumns(column{name: "qid", numbers: queries})
	dense := train(t, hp, map[string]*algorithms.Data{"train": table.data()})
	require.Equal(t, dense.Metrics, sparse.Metrics)
	require.Greater(t, sparse.Metrics[0].Value, 0.8)
	require.Equal(t, 301, len(load(t, dense.Files).Features()), "the query is no feature")
}

// TestQueriesOfCSV names the column of queries in the content type, by name and by position.
func TestQueriesOfCSV(t *testing.T) {
	t.Parallel()
	queries := queriesOf(t, "lightgbm_examples", "rank.train.query")
	table := readLibSVM(t, 301, 0, "lightgbm_examples", "rank.train.gz")[:40]
	hp := map[string]string{"objective": "rank:ndcg", "num_round": "5", "eval_metric": "ndcg@5"}
	want := train(t, hp, map[string]*algorithms.Data{"train": table.withColumns(column{name: "qid", numbers: queries}).data()})
	var lines, names bytes.Buffer
	names.WriteString("grade,search")
	for _, c := range table[1:] {
		names.WriteString("," + c.name)
	}
	names.WriteByte('\n')
	for r := range table[0].len() {
		fmt.Fprintf(&lines, "%g,%g", table[0].numbers[r], queries[r])
		for _, c := range table[1:] {
			lines.WriteByte(',')
			if c.numbers[r] == c.numbers[r] {
				fmt.Fprintf(&lines, "%g", c.numbers[r])
			}
		}
		lines.WriteByte('\n')
	}
	bare := train(t, hp, map[string]*algorithms.Data{"train": channelOfBytes(t, "text/csv;group=2", "bare", lines.Bytes())})
	named := channelOfBytes(t, "text/csv;header=present;label=grade;group=search", "named", append(names.Bytes(), lines.Bytes()...))
	require.Equal(t, want.Metrics, bare.Metrics)
	require.Equal(t, want.Metrics, train(t, hp, map[string]*algorithms.Data{"train": named}).Metrics)
	_, err := New().Train(t.Context(), &algorithms.TrainRequest{HyperParameters: hp, Channels: map[string]*algorithms.Data{"train": table.data()}})
	require.EqualError(t, err, "channel train: rank:ndcg needs queries: libsvm rows with qid:, a column named qid, or group= in the content type")
}
