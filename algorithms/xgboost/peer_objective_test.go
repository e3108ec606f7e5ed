package xgboost

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/algorithms"
)

// peerCase is a training that both sides do.
type peerCase struct {
	name, metrics string
	train, test   rows
	leading       []string // columns before the features
	hp            map[string]string
	limit         float64 // how far our last metric may be worse, relative; 0: 1 %
}

// channelOf gives the leading columns their parts.
func (p peerCase) channelOf(r rows) *algorithms.Data {
	d := r.data()
	d.Features = d.Features[len(p.leading)-1:]
	for i, name := range p.leading {
		switch name {
		case "upper":
			d.Label = append(d.Label, r[i].name)
		case "weight":
			d.Weight = r[i].name
		case "qid":
			d.Group = r[i].name
		}
	}
	return d
}

func peerCases(t *testing.T) []peerCase {
	abalone := loadReference(t, "abalone_poisson")
	california := loadReference(t, "california_missing")
	agaricus := loadReference(t, "agaricus_logistic")
	rank := func(file string) rows {
		r := readLibSVM(t, 300, 1, "lightgbm_examples", file+".gz")
		return r.withColumns(column{name: "query", numbers: queriesOf(t, "lightgbm_examples", file+".query")})
	}
	rankTrain, rankTest := rank("rank.train"), rank("rank.test")
	binary := func(r rows) rows {
		return r.mapLabel(func(_ int, y float32) float32 { return float32(boolTo(y >= 2)) })
	}
	censored := func(r rows) rows {
		return r.mapLabel(func(i int, y float32) float32 { return y * float32(1-2*boolTo(i%3 == 0)) })
	}
	intervals := func(r rows) rows {
		upper := column{name: "upper"}
		for i, y := range r[0].numbers {
			upper.numbers = append(upper.numbers, []float32{y, y + 2, nan, y + 1}[i%4])
		}
		return r.withColumns(upper)
	}
	weighted := func(r rows) rows { return r.withWeights() }
	label, query := []string{"label"}, []string{"label", "qid"}
	quick := func(objective string, more ...string) map[string]string {
		hp := map[string]string{"objective": objective, "max_depth": "4", "eta": "0.2", "num_round": "20"}
		for i := 0; i < len(more); i += 2 {
			hp[more[i]] = more[i+1]
		}
		return hp
	}
	plain := func(name, metrics string, ref reference, hp map[string]string) peerCase {
		return peerCase{name: name, metrics: metrics, train: ref.train, test: ref.test, leading: label, hp: hp}
	}
	cases := []peerCase{
		plain("squared log error", "rmse,rmsle", abalone, quick("reg:squaredlogerror")),
		plain("pseudo-Huber", "mae,mphe", california, quick("reg:pseudohubererror", "huber_slope", "0.7", "base_score", "1")),
		plain("absolute error", "rmse,mape,mae", california, quick("reg:absoluteerror")),
		plain("quantile", "mae,quantile", california, quick("reg:quantileerror", "quantile_alpha", "0.8")),
		plain("quantiles", "quantile", california, quick("reg:quantileerror", "quantile_alpha", "[0.1,0.5,0.9]")),
		plain("gamma", "gamma-deviance,gamma-nloglik", california, quick("reg:gamma")),
		plain("tweedie", "rmse,tweedie-nloglik@1.3", california, quick("reg:tweedie", "tweedie_variance_power", "1.3")),
		plain("poisson", "rmse,poisson-nloglik", abalone, quick("count:poisson")),
		plain("hinge", "error", agaricus, quick("binary:hinge")),
		plain("monotone", "rmse", abalone, quick("reg:squarederror", "monotone_constraints", "(0,1,1,1,1,0,0,1)", "interaction_constraints", "[[0,1,2,3],[4,5,6,7]]")),
		plain("gradient-based", "rmse", california, quick("reg:squarederror", "num_round", "60", "subsample", "0.3", "sampling_method", "gradient_based")),
		plain("dart", "rmse", california, quick("reg:squarederror", "booster", "dart", "rate_drop", "0.1", "num_round", "60")),
		plain("dart forest", "rmse", california, quick("reg:squarederror", "booster", "dart", "rate_drop", "0.3", "skip_drop", "0.3", "sample_type", "weighted", "normalize_type", "forest", "one_drop", "1", "num_round", "60")),
		plain("gblinear", "rmse", abalone, map[string]string{"objective": "reg:squarederror", "booster": "gblinear", "updater": "coord_descent", "num_round": "30", "alpha": "0.01", "lambda": "0.1"}),
		plain("gblinear poisson", "poisson-nloglik", abalone, map[string]string{"objective": "count:poisson", "booster": "gblinear", "updater": "shotgun", "num_round": "30", "eta": "0.3"}),
		plain("forest", "rmse", california, quick("reg:squarederror", "num_parallel_tree", "20", "num_round", "3", "eta", "1", "max_depth", "8", "subsample", "0.6", "colsample_bynode", "0.6")),
		{name: "cox", metrics: "cox-nloglik", train: censored(abalone.train), test: censored(abalone.test), leading: label, hp: quick("survival:cox")},
		{name: "rank ndcg", metrics: "auc,ndcg,ndcg@5,ndcg@3-,ndcg@10", train: rankTrain, test: rankTest, leading: query, hp: quick("rank:ndcg"), limit: 0.02},
		{name: "rank pairwise", metrics: "ndcg@5,ndcg", train: rankTrain, test: rankTest, leading: query, hp: quick("rank:pairwise"), limit: 0.02},
		{name: "rank mean", metrics: "ndcg", train: rankTrain, test: rankTest, leading: query, hp: quick("rank:ndcg", "lambdarank_pair_method", "mean", "lambdarank_num_pair_per_sample", "4"), limit: 0.02},
		{name: "rank map", metrics: "aucpr,pre@3,ndcg@2,map@4-,map@4,map", train: binary(rankTrain), test: binary(rankTest), leading: query, hp: quick("rank:map"), limit: 0.02},
		{name: "weighted", metrics: "mae,quantile", train: weighted(california.train), test: weighted(california.test), leading: []string{"label", "weight"}, hp: quick("reg:quantileerror", "quantile_alpha", "0.3")},
	}
	for _, distribution := range []string{"normal", "logistic", "extreme"} {
		cases = append(cases, peerCase{name: "aft " + distribution, metrics: "interval-regression-accuracy,aft-nloglik", train: intervals(abalone.train), test: intervals(abalone.test),
			leading: []string{"label", "upper"}, hp: quick("survival:aft", "aft_loss_distribution", distribution, "aft_loss_distribution_scale", "1.3")})
	}
	return cases
}

// TestPeerObjectives trains each objective beside the Python package: the last metric must not be worse, and all metrics of
// our margins must be what the package says of them.
func TestPeerObjectives(t *testing.T) {
	t.Parallel()
	for _, test := range peerCases(t) {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			hp := maps.Clone(test.hp)
			hp["eval_metric"] = test.metrics
			set, err := readSettings(hp)
			require.NoError(t, err)
			run, err := newTraining(t.Context(), &algorithms.TrainRequest{Channels: map[string]*algorithms.Data{"train": test.channelOf(test.train), "validation": test.channelOf(test.test)}}, set)
			require.NoError(t, err)
			for range set.rounds {
				require.NoError(t, run.round(t.Context()))
			}
			theirs, given, version := test.peer(t, run.channels[1].margins)
			for i, m := range set.metrics {
				ours := run.metrics[len(set.metrics)+i].Value
				require.InDelta(t, given[m.Name], ours, 2e-6*math.Max(1, math.Abs(ours)), "%s of the same margins", m.Name)
				t.Logf("%s: %.6f, xgboost %s %.6f", m.Name, ours, version, theirs[m.Name])
				if i < len(set.metrics)-1 {
					continue
				}
				worse := (ours - theirs[m.Name]) / math.Abs(theirs[m.Name])
				if m.Maximize {
					worse = -worse
				}
				limit := test.limit
				if limit == 0 {
					limit = 0.01
				}
				require.True(t, ours == theirs[m.Name] || worse <= limit, "%s: %v, theirs %v", m.Name, ours, theirs[m.Name])
			}
		})
	}
}

// peer runs the Python package on the same tables.
func (p peerCase) peer(t *testing.T, margins [][]float32) (theirs, given map[string]float64, version string) {
	dir := t.TempDir()
	var files []string
	for i, r := range []rows{p.train, p.test} {
		files = append(files, filepath.Join(dir, fmt.Sprint(i)))
		writeTable(t, files[i], append([][]float32{r[0].numbers}, columnsOf(r)...))
	}
	var lines strings.Builder
	for r := range margins[0] {
		for _, m := range margins {
			fmt.Fprintln(&lines, strconv.FormatFloat(float64(m[r]), 'g', -1, 32))
		}
	}
	files = append(files, filepath.Join(dir, "margins"))
	require.NoError(t, os.WriteFile(files[2], []byte(lines.String()), 0o600))
	params := map[string]any{"tree_method": "hist", "nthread": 1}
	if !strings.HasPrefix(p.hp["objective"], "reg:absolute") && !strings.HasPrefix(p.hp["objective"], "reg:quantile") {
		params["base_score"] = 0.5
	}
	rounds := 0
	for k, v := range p.hp {
		switch k {
		case "num_round":
			rounds, _ = strconv.Atoi(v)
		case "sampling_method":
		default:
			params[k] = v
		}
	}
	if p.hp["sampling_method"] != "" {
		delete(params, "subsample") // not for CPUs there: all rows
	}
	spec, err := json.Marshal(map[string]any{"params": params, "rounds": rounds, "metrics": strings.Split(p.metrics, ","), "columns": p.leading})
	require.NoError(t, err)
	var out struct {
		Version       string
		Theirs, Given map[string]float64
	}
	require.NoError(t, json.Unmarshal([]byte(python(t, "train_objective.py", append([]string{string(spec)}, files...)...)), &out))
	return out.Theirs, out.Given, out.Version
}

// withColumns puts columns after the label.
func (t rows) withColumns(c ...column) rows {
	return append(append(rows{t[0]}, c...), t[1:]...)
}

func (t rows) mapLabel(f func(i int, y float32) float32) rows {
	y := make([]float32, t[0].len())
	for i, v := range t[0].numbers {
		y[i] = f(i, v)
	}
	return t.pickLabel(y)
}

// queriesOf numbers the rows of queries whose sizes a file lists.
func queriesOf(t testing.TB, elem ...string) []float32 {
	var out []float32
	for q, size := range numbers(t, elem...) {
		for range int(size[0]) {
			out = append(out, float32(q))
		}
	}
	return out
}
