package e2e_test

import (
	"encoding/json"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/internal/testdata"
)

// reference is an info.json of xgboost_reference: what XGBoost 1.7.4 did.
type reference struct {
	Rounds int
	Params map[string]any
	Eval   map[string]map[string][]float64
}

func readReference(t *testing.T, name string) reference {
	t.Helper()
	b, err := os.ReadFile(testdata.Path(t, "xgboost_reference", name, "info.json"))
	require.NoError(t, err)
	var r reference
	require.NoError(t, json.Unmarshal(b, &r))
	return r
}

func (r reference) last(channel, metric string) float64 {
	values := r.Eval[channel][metric]
	return values[len(values)-1]
}

// atMostWorse is how far behind XGBoost's own quality ours may be.
const atMostWorse = 0.02

// TestCaliforniaAgainstXGBoost trains on the same rows with the same parameters as XGBoost did, and scores the same test
// rows: the error is no more than 2 % above, and the scored rows have the error that training reported.
func TestCaliforniaAgainstXGBoost(t *testing.T) {
	t.Parallel()
	ref := readReference(t, "california_missing")
	b := shared.bucket(t, "california-reference")
	all := readTable(t, "california_housing", "california_train80.csv").columns("longitude", "latitude", "housing_median_age", "total_rooms",
		"total_bedrooms", "population", "households", "median_income", "median_house_value").
		change("median_house_value", func(s string) string {
			x, err := strconv.ParseFloat(s, 64)
			require.NoError(t, err)
			return strconv.FormatFloat(x/100000, 'g', -1, 64)
		})
	test := all.where(func(i int) bool { return i%5 == 0 })
	shared.put(t, b+"train/train.csv", all.where(func(i int) bool { return i%5 != 0 }).csv(t))
	shared.put(t, b+"test/test.csv", test.csv(t))
	content := "text/csv;header=present;label=median_house_value"
	d := shared.train(t, trainDocument("california-reference", map[string]string{
		"objective": "reg:squarederror", "max_depth": "5", "eta": "0.3", "tree_method": "exact", "eval_metric": "rmse", "seed": "7",
		"num_round": strconv.Itoa(ref.Rounds),
	}, b+"models/", channel("train", content, b+"train/"), channel("validation", content, b+"test/")))
	require.LessOrEqual(t, metric(t, d, "train:rmse"), ref.last("train", "rmse")*(1+atMostWorse))
	require.LessOrEqual(t, metric(t, d, "validation:rmse"), ref.last("test", "rmse")*(1+atMostWorse))

	shared.model(t, "california-reference", d.ModelArtifacts.S3ModelArtifacts)
	shared.transform(t, transformDocument("california-reference", "california-reference", content, b+"test/", b+"out/", ""))
	predicted := predictions(t, shared.get(t, b+"out/test.csv.out"))
	require.Len(t, predicted, len(test.rows))
	require.InEpsilon(t, metric(t, d, "validation:rmse"), rmse(test.numbers(t, "median_house_value"), predicted), 1e-5)
}

// TestAdultAgainstXGBoost is the same for classes and text columns, which go in as they are.
func TestAdultAgainstXGBoost(t *testing.T) {
	t.Parallel()
	ref := readReference(t, "adult_categorical")
	b := shared.bucket(t, "adult-reference")
	all := readTable(t, "adult", "adult_train80.csv.gz")
	test := all.where(func(i int) bool { return i%10 == 0 })
	shared.put(t, b+"train/train.csv", all.where(func(i int) bool { return i%10 != 0 }).csv(t))
	shared.put(t, b+"test/test.csv", test.csv(t))
	content := "text/csv;header=present;label=income;ignore=source_split"
	d := shared.train(t, trainDocument("adult-reference", map[string]string{
		"objective": "binary:logistic", "max_depth": "5", "eta": "0.3", "tree_method": "hist", "scale_pos_weight": "3",
		"eval_metric": "auc,logloss,error", "seed": "7", "num_round": strconv.Itoa(ref.Rounds),
	}, b+"models/", channel("train", content, b+"train/"), channel("validation", content, b+"test/")))
	require.GreaterOrEqual(t, metric(t, d, "validation:auc"), ref.last("test", "auc")*(1-atMostWorse))
	require.LessOrEqual(t, metric(t, d, "validation:logloss"), ref.last("test", "logloss")*(1+atMostWorse))
	require.LessOrEqual(t, metric(t, d, "train:logloss"), ref.last("train", "logloss")*(1+atMostWorse))

	shared.model(t, "adult-reference", d.ModelArtifacts.S3ModelArtifacts)
	shared.transform(t, transformDocument("adult-reference", "adult-reference", content, b+"test/", b+"out/", ""))
	var rich []bool
	for _, income := range test.column("income") {
		rich = append(rich, income == ">50K")
	}
	predicted := predictions(t, shared.get(t, b+"out/test.csv.out"))
	require.Len(t, predicted, len(rich))
	require.InDelta(t, metric(t, d, "validation:auc"), auc(rich, predicted), 1e-4)
}

// TestSplitTrainTransform is the whole way from one raw table to predictions of rows that training never saw, with the
// documents a user writes, by the command line.
func TestSplitTrainTransform(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, label, ignore string
		path                []string
		parameters          map[string]string
		check               func(t *testing.T, scored, train table)
	}{
		{
			name: "california", label: "median_house_value", path: []string{"california_housing", "california_train80.csv"},
			parameters: map[string]string{"objective": "reg:squarederror", "max_depth": "6", "num_round": "100", "eta": "0.2"},
			check: func(t *testing.T, scored, train table) {
				truth := scored.numbers(t, "median_house_value")
				base := rmse(truth, constant(mean(train.numbers(t, "median_house_value")), len(truth)))
				require.Less(t, rmse(truth, scored.numbers(t, "SageMakerOutput")), 0.5*base, "half the error of the mean")
			},
		},
		{
			name: "adult", label: "income", ignore: ";ignore=source_split", path: []string{"adult", "adult_train80.csv.gz"},
			parameters: map[string]string{"objective": "binary:logistic", "max_depth": "5", "num_round": "40", "eta": "0.3", "eval_metric": "auc"},
			check: func(t *testing.T, scored, _ table) {
				var rich []bool
				for _, income := range scored.column("income") {
					rich = append(rich, income == ">50K")
				}
				require.Greater(t, auc(rich, scored.numbers(t, "SageMakerOutput")), 0.9)
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b, name := shared.bucket(t, "whole-"+c.name), "whole-"+c.name
			raw := readTable(t, c.path...)
			shared.put(t, b+"raw/data.csv", raw.csv(t))
			submit := func(verb string, doc object) {
				cliWith(t, shared.environ(), string(text(t, doc)), verb, "-").ok(t)
			}
			submit("split", splitDocument(name, "text/csv;header=present", b+"raw/", b+"split/"))
			content := "application/x-parquet;label=" + c.label + c.ignore
			submit("train", trainDocument(name, c.parameters, b+"models/",
				channel("train", content, b+"split/train/"), channel("validation", content, b+"split/validation/")))
			shared.cli(t, "model", "create", "--name", name, "--from-training", name).ok(t)
			transform := transformDocument(name, name, content, b+"split/test/", b+"out/", "")
			transform["DataProcessing"] = object{"JoinSource": "Input"}
			submit("transform", transform)

			sides := map[string]table{}
			var rows []string
			for _, side := range []string{"train", "validation", "test"} {
				sides[side] = shared.parquetColumns(t, b+"split/"+side+"/", c.label)
				rows = append(rows, sides[side].column(c.label)...)
			}
			require.Len(t, rows, len(raw.rows), "each row is on one side")
			require.InDelta(t, 0.8, float64(len(sides["train"].rows))/float64(len(raw.rows)), 0.01)
			scored := shared.parquetColumns(t, b+"out/", c.label, "SageMakerOutput")
			require.Equal(t, sides["test"].column(c.label), scored.column(c.label), "in the order of the input")
			c.check(t, scored, sides["train"])
			shared.cli(t, "verify", b+"out/_batchmill/"+name+"/manifest.json").ok(t)
			shared.cli(t, "verify", b+"split/_batchmill/"+name+"/manifest.json").ok(t)
			require.Equal(t, []string{"manifest.json"}, below(shared.list(t, b+"out/_batchmill/"+name+"/"), name))
		})
	}
}

// below cuts the keys to what follows a folder.
func below(keys []string, folder string) []string {
	var out []string
	for _, k := range slices.Sorted(slices.Values(keys)) {
		_, rest, _ := strings.Cut(k, "/"+folder+"/")
		out = append(out, rest)
	}
	return out
}
