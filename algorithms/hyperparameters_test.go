package algorithms_test

import (
	"context"
	"fmt"
	"io/fs"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/algorithms"
)

var declared = algorithms.HyperParameters{
	{Name: "rounds", Type: algorithms.Integer, Range: algorithms.AtLeast(1), Required: true},
	{Name: "eta", Aliases: []string{"learning_rate"}, Type: algorithms.Continuous, Default: "0.3", Range: algorithms.Between(0, 1)},
	{Name: "share", Type: algorithms.Continuous, Default: "1", Range: algorithms.Between(0, 1).OpenMin()},
	{Name: "power", Type: algorithms.Continuous, Default: "1.5", Range: algorithms.Between(1, 2).OpenMin().OpenMax()},
	{Name: "booster", Type: algorithms.Categorical, Default: "gbtree", Values: []string{"gbtree", "dart"}},
	{Name: "dense", Type: algorithms.Categorical, Default: "false", Values: []string{"true", "false"}},
	{Name: "one_drop", Type: algorithms.Categorical, Default: "0", Values: []string{"0", "1"}},
	{Name: "metrics", Type: algorithms.FreeText},
}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, value string
		check       func(v algorithms.Values) any
		want        any
	}{
		{"rounds", "6.0", func(v algorithms.Values) any { return v.Int("rounds") }, 6},
		{"rounds", " 1e3 ", func(v algorithms.Values) any { return v.Int("rounds") }, 1000},
		{"eta", "5.0E-4", func(v algorithms.Values) any { return v.Float("eta") }, 5e-4},
		{"learning_rate", "1e-05", func(v algorithms.Values) any { return v.Float("eta") }, 1e-5},
		{"dense", "True", func(v algorithms.Values) any { return v.Bool("dense") }, true},
		{"dense", "0", func(v algorithms.Values) any { return v.Bool("dense") }, false},
		{"one_drop", "true", func(v algorithms.Values) any { return v.Bool("one_drop") }, true},
		{"one_drop", "1.0", func(v algorithms.Values) any { return v.Text("one_drop") }, "1"},
		{"booster", "DART", func(v algorithms.Values) any { return v.Text("booster") }, "dart"},
		{"metrics", "['rmse', 'mae']", func(v algorithms.Values) any { return v.List("metrics") }, []string{"rmse", "mae"}},
		{"metrics", "[rmse,mae,rmse]", func(v algorithms.Values) any { return v.List("metrics") }, []string{"rmse", "mae"}},
		{"BATCHMILL_ANYTHING", "x", func(v algorithms.Values) any { return v.Given("eta") }, false},
		{algorithms.TuningObjectiveKey, "validation:auc", func(v algorithms.Values) any { return v.TuningObjective }, "validation:auc"},
	} {
		given := map[string]string{"rounds": "1"}
		given[test.name] = test.value
		v, err := declared.Parse(given)
		require.NoError(t, err, test.name)
		require.Equal(t, test.want, test.check(v), "%s=%s", test.name, test.value)
	}
}

func TestParseFaults(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		given map[string]string
		want  string
	}{
		{map[string]string{}, "Missing required hyperparameter: rounds"},
		{map[string]string{"rounds": "1", "learning_rat": "1"}, "Extraneous hyperparameter found: learning_rat (did you mean learning_rate?)"},
		{map[string]string{"rounds": "1", "n_estimators": "1"}, "Extraneous hyperparameter found: n_estimators"},
		{map[string]string{"rounds": "1", "eta": "2"}, "Hyperparameter eta: 2 is not in [0, 1]"},
		{map[string]string{"rounds": "1", "share": "0"}, "Hyperparameter share: 0 is not in (0, 1]"},
		{map[string]string{"rounds": "1", "power": "2"}, "Hyperparameter power: 2 is not in (1, 2)"},
		{map[string]string{"rounds": "0"}, "Hyperparameter rounds: 0 is not in [1, inf)"},
		{map[string]string{"rounds": "six"}, "Hyperparameter rounds: could not parse value"},
		{map[string]string{"rounds": "6.5"}, "Hyperparameter rounds: could not parse value"},
		{map[string]string{"rounds": "1", "eta": "nan"}, "Hyperparameter eta: could not parse value"},
		{map[string]string{"rounds": "1", "booster": "gblinaer"}, "Hyperparameter booster: gblinaer is not in [gbtree, dart]"},
		{map[string]string{"rounds": "1", "eta": "0.1", "learning_rate": "0.1"}, "Hyperparameter eta: given twice, as eta and as learning_rate"},
		{map[string]string{"eta": "2", "zzz": "1"}, "Hyperparameter eta: 2 is not in [0, 1]; Extraneous hyperparameter found: zzz; Missing required hyperparameter: rounds"},
	} {
		_, err := declared.Parse(test.given)
		var fault *algorithms.HyperParameterError
		require.ErrorAs(t, err, &fault)
		require.EqualError(t, err, test.want)
	}
}

// named is an algorithm that has a name only.
type named string

func (n named) Name() string                                { return string(n) }
func (n named) HyperParameters() algorithms.HyperParameters { return declared }
func (n named) Channels() []algorithms.ChannelSpec {
	return []algorithms.ChannelSpec{{Name: "train", Required: true}}
}
func (n named) ContentTypes() []string                   { return []string{"text/csv"} }
func (n named) Load(fs.FS) (algorithms.Predictor, error) { return nil, nil }
func (n named) Train(context.Context, *algorithms.TrainRequest) (*algorithms.TrainResult, error) {
	return nil, nil
}

func TestCheckChannels(t *testing.T) {
	t.Parallel()
	err := algorithms.CheckChannels(named("x"), map[string]*algorithms.Data{"trian": {}, "extra": {}})
	require.EqualError(t, err, "Missing required channel: train; Extraneous channel found: extra; Extraneous channel found: trian")
	require.NoError(t, algorithms.CheckChannels(named("x"), map[string]*algorithms.Data{"train": {}}))
}

func ExampleRegistry() {
	registry := algorithms.NewRegistry(named("xgboost"), named("kmeans"))
	a, _ := registry.Find("683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1")
	fmt.Println(a.Name())
	_, err := registry.Find("catboost:latest")
	fmt.Println(err)
	// Output:
	// xgboost
	// algorithms: no algorithm "catboost:latest"; known: kmeans, xgboost
}

func ExampleHyperParameters_Parse() {
	values, _ := declared.Parse(map[string]string{"rounds": "6.0", "learning_rate": "1e-05"})
	fmt.Println(values.Int("rounds"), values.Float("eta"), values.Text("booster"))
	_, err := declared.Parse(map[string]string{"rounds": "many", "learning_rates": "0.1"})
	fmt.Println(err)
	// Output:
	// 6 1e-05 gbtree
	// Extraneous hyperparameter found: learning_rates (did you mean learning_rate?); Hyperparameter rounds: could not parse value
}
