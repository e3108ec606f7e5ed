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
