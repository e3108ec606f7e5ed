package xgboost

import (
	"maps"
	"strconv"
	"testing"
)

// sameRounds is so few that hardly any split has been a tie: the package rounds gains to float32 and breaks ties by that.
const sameRounds = 4

// TestPeerSameBins trains beside the Python package on tables whose every value has a bin of its own. Then bins are the same,
// and so must predictions be, but for splits that gain the same to rounding.
//
// On other tables bins lie elsewhere, and that alone moves what is said of rows held back: over five splits of the
// California table, 200 rounds, the package's own mean RMSE goes from 0.46737 to 0.46485 when max_bin goes from 256 to 255.
// There we have 0.46756, and the package on our bins 0.46763.
func TestPeerSameBins(t *testing.T) {
	t.Parallel()
	california, abalone := loadReference(t, "california_missing").train.coarse(), loadReference(t, "abalone_poisson").train.coarse()
	adult := loadReference(t, "adult_categorical").test.coded().coarseBut(adultCategories...)
	california = california.pick(func(i int) bool { return i%3 == 0 })
	binary := abalone.mapLabel(func(_ int, y float32) float32 { return float32(boolTo(y > 10)) })
	classes := abalone.mapLabel(func(_ int, y float32) float32 { return min(2, float32(int(y/5))) })
	for _, test := range []struct {
		name   string
		rows   rows
		params map[string]string
	}{
		{"missing values", california, map[string]string{"objective": "reg:squarederror", "max_depth": "6"}},
		{"lossguide", california, map[string]string{"objective": "reg:squarederror", "grow_policy": "lossguide", "max_leaves": "31", "max_depth": "0"}},
		{"lossguide, deep", abalone, map[string]string{"objective": "count:poisson", "grow_policy": "lossguide", "max_leaves": "31", "max_depth": "7"}},
		{"gamma", abalone, map[string]string{"objective": "reg:squarederror", "gamma": "4", "min_child_weight": "6", "max_depth": "5"}},
		{"exact, pruned", abalone, map[string]string{"objective": "reg:squarederror", "tree_method": "exact", "gamma": "30", "max_depth": "6"}},
		{"exact, pruned, logistic", binary, map[string]string{"objective": "binary:logistic", "tree_method": "exact", "gamma": "3", "min_child_weight": "2", "max_depth": "6"}},
		{"exact, pruned, missing values", california, map[string]string{"objective": "reg:squarederror", "tree_method": "exact", "gamma": "8", "max_depth": "7"}},
		{"penalties", abalone, map[string]string{"objective": "reg:squarederror", "alpha": "2", "lambda": "3", "max_delta_step": "1", "max_depth": "5"}},
		{"logistic", binary, map[string]string{"objective": "binary:logistic", "scale_pos_weight": "2", "max_depth": "5"}},
		{"monotone", abalone, map[string]string{"objective": "reg:squarederror", "monotone_constraints": "(0,1,1,1,1,0,0,-1)", "max_depth": "4"}},
		{"interactions", abalone, map[string]string{"objective": "reg:squarederror", "interaction_constraints": "[[0,1,2,3],[3,4,5]]", "max_depth": "4"}},
		{"classes", classes, map[string]string{"objective": "multi:softprob", "num_class": "3", "max_depth": "3"}},
		{"absolute error", abalone, map[string]string{"objective": "reg:absoluteerror", "max_depth": "4"}},
		{"dart, all dropped", abalone, map[string]string{"objective": "reg:squarederror", "booster": "dart", "rate_drop": "1", "max_depth": "4"}},
		{"numbers of adult", adult, map[string]string{"objective": "reg:squarederror", "max_depth": "6"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			params := map[string]any{"max_bin": "255", "eta": "0.2"}
			for k, v := range test.params {
				params[k] = v
			}
			if test.params["objective"] != "reg:absoluteerror" {
				params["base_score"] = "0.5"
			}
			hp := maps.Clone(test.params)
			maps.Copy(hp, map[string]string{"num_round": strconv.Itoa(sameRounds), "max_bin": "255", "eta": "0.2"})
			theirs := makeModel(t, "xgboost", map[string]any{"params": params, "rounds": sameRounds}, test.rows, ".json").predictions
			var want []float32
			for _, row := range theirs {
				for _, v := range row {
					want = append(want, float32(v))
				}
			}
			requireAlike(t, want, scoreRows(t, load(t, trainRows(t, hp, test.rows, nil, nil).Files), test.rows), test.name)
		})
	}
}

// coarseBut is coarse for all features but some, by position.
func (r rows) coarseBut(keep ...int) rows {
	out := r.coarse()
	for _, f := range keep {
		out[f+1] = r[f+1]
	}
	return out
}
