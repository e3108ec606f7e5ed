package xgboost

import (
	"context"
	"errors"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/algorithms"
)

func TestHyperParameterFaults(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, value, want string
	}{
		{"eta", "2", "Hyperparameter eta: 2 is not in [0, 1]"},
		{"subsample", "0", "Hyperparameter subsample: 0 is not in (0, 1]"},
		{"max_depth", "-1", "Hyperparameter max_depth: -1 is not in [0, inf)"},
		{"max_depth", "deep", "Hyperparameter max_depth: could not parse value"},
		{"max_dept", "3", "Extraneous hyperparameter found: max_dept (did you mean max_depth?)"},
		{"updater", "shotgun", "Hyperparameter updater: shotgun is for booster gblinear"},
		{"objective", "reg:quantileerror", "Missing required hyperparameter: quantile_alpha"},
		{"objective", "binary:logisitc", "Hyperparameter objective: binary:logisitc is not in [reg:squarederror, "},
		{"objective", "multi:softprob", "Missing required hyperparameter: num_class"},
		{"monotone_constraints", "(0,1,1)", "Hyperparameter monotone_constraints: position 1 is none of the 1 features; Hyperparameter monotone_constraints: position 2 is none of the 1 features"},
		{"monotone_constraints", "(2)", "Hyperparameter monotone_constraints: 2 is not in {-1, 0, 1}"},
		{"monotone_constraints", "(up)", "Hyperparameter monotone_constraints: could not parse value"},
		{"monotone_constraints", "{'z': 1}", "Hyperparameter monotone_constraints: z is none of the 1 features"},
		{"interaction_constraints", "[[0,1]]", "Hyperparameter interaction_constraints: 1 is none of the 1 features"},
		{"interaction_constraints", "[0,1]", "Hyperparameter interaction_constraints: could not parse value"},
		{"process_type", "update", "Hyperparameter updater: process_type update needs refresh"},
		{"updater", "refresh", "Hyperparameter updater: refresh needs process_type update"},
		{"tree_method", "gpu_hist", "Hyperparameter tree_method: gpu_hist is not supported yet"},
		{"eval_metric", "rmse,nonsense", "Hyperparameter eval_metric: nonsense is not in [rmse, "},
		{"eval_metric", "ndcg@5", "Hyperparameter eval_metric: ndcg@5 needs a rank: objective"},
		{"eval_metric", "aft-nloglik", "Hyperparameter eval_metric: aft-nloglik needs the objective survival:aft"},
		{"eval_metric", "tweedie-nloglik@3", "Hyperparameter eval_metric: tweedie-nloglik@3: the variance power is not in [1, 2)"},
		{"eval_metric", "auc", "Hyperparameter eval_metric: auc needs a binary: objective or reg:logistic"},
		{"max_bin", "1", "Hyperparameter max_bin: 1 is not in [2, 65534]"},
		{"early_stopping_rounds", "5", "Hyperparameter early_stopping_rounds: needs a validation channel"},
	} {
		iris := rows{{name: "y", numbers: []float32{0, 1}}, {name: "x", numbers: []float32{0, 1}}}
		_, err := New().Train(context.Background(), &algorithms.TrainRequest{HyperParameters: map[string]string{"num_round": "1", test.name: test.value},
			Channels: map[string]*algorithms.Data{"train": iris.data()}})
		var fault *algorithms.HyperParameterError
		require.ErrorAs(t, err, &fault, test.want)
		require.Contains(t, err.Error(), test.want)
	}
	_, err := readSettings(map[string]string{"eta": "2", "booster": "dart", "nmu_round": "3"})
	require.EqualError(t, err, "Hyperparameter eta: 2 is not in [0, 1]; Extraneous hyperparameter found: nmu_round (did you mean num_round?); Missing required hyperparameter: num_round")
	_, err = readSettings(map[string]string{"objective": "binary:logistic", "num_round": "1", "base_score": "0", "eval_metric": "merror"})
	require.EqualError(t, err, "Hyperparameter base_score: 0 is not in (0, 1), which binary:logistic needs; Hyperparameter eval_metric: merror needs a multi: objective")
}

// TestDeclaration checks the table: defaults are readable and all hyperparameters of the contract are there.
func TestDeclaration(t *testing.T) {
	t.Parallel()
	v, err := declared.Parse(map[string]string{"num_round": "1"})
	require.NoError(t, err)
	for _, p := range declared {
		require.NotEmpty(t, p.Description, p.Name)
		v.Text(p.Name)
	}
	for _, name := range []string{"num_class", "num_round", "alpha", "base_score", "booster", "colsample_bylevel", "colsample_bynode", "colsample_bytree",
		"csv_weights", "deterministic_histogram", "early_stopping_rounds", "eta", "eval_metric", "gamma", "grow_policy", "interaction_constraints", "lambda",
		"lambda_bias", "max_bin", "max_delta_step", "max_depth", "max_leaves", "min_child_weight", "monotone_constraints", "normalize_type", "nthread",
		"objective", "one_drop", "process_type", "rate_drop", "refresh_leaf", "sample_type", "scale_pos_weight", "seed", "single_precision_histogram",
		"sketch_eps", "skip_drop", "subsample", "tree_method", "tweedie_variance_power", "updater", "verbosity", "num_parallel_tree", "predictor", "dsplit",
		"sampling_method", "save_model_on_termination", "prob_buffer_row", "aft_loss_distribution", "aft_loss_distribution_scale", "use_dask_gpu_training",
		"_kfold", "_num_cv_round", "learning_rate", "min_split_loss", "reg_lambda", "reg_alpha"} {
		_, ok := declared.Lookup(name)
		require.True(t, ok, name)
	}
}

func TestDataFaults(t *testing.T) {
	t.Parallel()
	inf := float32(math.Inf(1))
	good := rows{{name: "y", numbers: []float32{0, 1, 0, 1}}, {name: "a", numbers: []float32{1, 2, 3, 4}}, {name: "c", texts: []string{"u", "v", "u", "w"}}}
	with := func(i int, c column) rows {
		out := append(rows{}, good...)
		out[i] = c
		return out
	}
	renamed := with(1, column{name: "b", numbers: good[1].numbers})
	for _, test := range []struct {
		name              string
		train, validation rows
		hp                map[string]string
		want              string
	}{
		{"missing label", with(0, column{name: "y", numbers: []float32{0, 1, nan, 1}}), nil, nil, `channel train: column "y": row 3: the label is missing`},
		{"infinite label", with(0, column{name: "y", numbers: []float32{0, 1, inf, 1}}), nil, nil, `channel train: column "y": row 3: the label is infinite`},
		{"label of a probability", with(0, column{name: "y", numbers: []float32{0, 1, 2, 1}}), nil, map[string]string{"objective": "binary:logistic"}, `channel train: column "y": row 3: the label is 2; the label must be 0 or 1`},
		{"class too large", with(0, column{name: "y", numbers: []float32{0, 1, 3, 1}}), nil, map[string]string{"objective": "multi:softmax", "num_class": "3"}, `channel train: column "y": row 3: the label is 3; the label must be a class from 0 to num_class-1 = 2`},
		{"num_class", with(0, column{name: "y", texts: []string{"x", "y", "z", "x"}}), nil, map[string]string{"objective": "multi:softmax", "num_class": "2"}, `channel train: column "y": num_class is 2, but the label has 3 classes: x, y, z`},
		{"three classes for two", with(0, column{name: "y", texts: []string{"x", "y", "z", "x"}}), nil, map[string]string{"objective": "binary:logistic"}, `channel train: column "y": binary:logistic needs two classes, but the label has 3: x, y, z`},
		{"text to regress", with(0, column{name: "y", texts: []string{"x", "y", "z", "x"}}), nil, nil, `channel train: column "y": reg:squarederror needs a number, not text`},
		{"negative count", with(0, column{name: "y", numbers: []float32{0, 1, -2, 1}}), nil, map[string]string{"objective": "count:poisson"}, `channel train: column "y": row 3: the label is -2; the label must be 0 or more for a Poisson distribution`},
		{"gamma of 0", with(0, column{name: "y", numbers: []float32{1, 1, 2, 0}}), nil, map[string]string{"objective": "reg:gamma"}, `channel train: column "y": row 4: the label is 0; the label must be above 0 for a gamma distribution`},
		{"tweedie below 0", with(0, column{name: "y", numbers: []float32{1, -1, 2, 0}}), nil, map[string]string{"objective": "reg:tweedie"}, `channel train: column "y": row 2: the label is -1; the label must be 0 or more for a Tweedie distribution`},
		{"logarithm", with(0, column{name: "y", numbers: []float32{1, -1, 2, 0}}), nil, map[string]string{"objective": "reg:squaredlogerror"}, `channel train: column "y": row 2: the label is -1; the label must be above -1, for its logarithm is taken after adding 1`},
		{"hinge", with(0, column{name: "y", numbers: []float32{1, 0, 2, 0}}), nil, map[string]string{"objective": "binary:hinge"}, `channel train: column "y": row 3: the label is 2; the label must be 0 or 1`},
		{"negative time", with(0, column{name: "y", numbers: []float32{1, 0, -2, 0}}), nil, map[string]string{"objective": "survival:aft"}, `channel train: column "y": row 3: the label is -2; the label must be a time from 0 up for survival:aft`},
		{"no queries", good, nil, map[string]string{"objective": "rank:ndcg"}, `channel train: rank:ndcg needs queries: libsvm rows with qid:, a column named qid, or group= in the content type`},
		{"torn query", append(good.pick(func(int) bool { return true }), column{name: "qid", numbers: []float32{1, 1, 2, 1}}), nil, map[string]string{"objective": "rank:ndcg"}, `channel train: column "qid": row 4: query 1 comes again after others; the rows of a query must be together`},
		{"grade", append(good[1:2:2], column{name: "x", numbers: []float32{1, 1, 2, 1}}, column{name: "qid", numbers: []float32{1, 1, 2, 2}}).pickLabel([]float32{0, 1.5, 0, 0}), nil, map[string]string{"objective": "rank:ndcg"}, `channel train: column "a": row 2: the label is 1.5; the label must be a grade from 0 to 31`},
		{"label of a metric", with(0, column{name: "y", numbers: []float32{1, 0, -2, 0}}), nil, map[string]string{"eval_metric": "rmse,poisson-nloglik"}, `channel train: column "y": row 3: the label is -2; for the metric poisson-nloglik, the label must be 0 or more for a Poisson distribution`},
		{"ordered categories", good, nil, map[string]string{"monotone_constraints": "(0,1)"}, `Hyperparameter monotone_constraints: c holds categories, which have no order`},
		{"infinite feature", with(1, column{name: "a", numbers: []float32{1, inf, 3, 4}}), nil, nil, `channel train: column "a": row 2: the value is infinite`},
		{"no rows", good.pick(func(int) bool { return false }), nil, nil, `channel train: there are no rows`},
		{"renamed in validation", good, renamed, nil, `channel validation: column "a": the model was trained with it, but it is not there: 1 of 2 columns the model needs are missing; columns the model does not know: b`},
		{"text where numbers were", good, with(1, column{name: "a", texts: []string{"1", "2", "x", "4"}}), nil, `channel validation: column "a": the model was trained with numbers here, but the column is of type utf8`},
		{"label unknown in validation", with(0, column{name: "y", texts: []string{"no", "yes", "no", "yes"}}), with(0, column{name: "y", texts: []string{"no", "maybe", "no", "yes"}}), map[string]string{"objective": "binary:logistic"}, `channel validation: column "y": row 2: the label "maybe" is none of the classes of the train channel: no, yes`},
	} {
		hp := map[string]string{"num_round": "2"}
		for k, v := range test.hp {
			hp[k] = v
		}
		req := &algorithms.TrainRequest{HyperParameters: hp, Channels: map[string]*algorithms.Data{"train": test.train.data()}}
		if test.validation != nil {
			req.Channels["validation"] = test.validation.data()
		}
		_, err := New().Train(context.Background(), req)
		var fault *algorithms.DataError
		var hyper *algorithms.HyperParameterError
		require.True(t, errors.As(err, &fault) || errors.As(err, &hyper), test.name)
		require.EqualError(t, err, test.want, test.name)
	}
}

// TestBind matches columns by name, else by position, and takes a category never seen for a missing value.
func TestBind(t *testing.T) {
	t.Parallel()
	ref := loadReference(t, "adult_categorical")
	result := trainRows(t, map[string]string{"objective": "binary:logistic", "num_round": "5"}, ref.train, nil, nil)
	p := load(t, result.Files)
	want := scoreRows(t, p, ref.test)

	reversed := rows{ref.test[0]}
	for i := len(ref.test) - 1; i > 0; i-- {
		reversed = append(reversed, ref.test[i])
	}
	require.Equal(t, want, scoreRows(t, p, append(reversed, column{name: "more", numbers: ref.test[1].numbers})), "by name")

	s, err := p.Bind(ref.test[1:].schema(), false)
	require.NoError(t, err)
	col, err := s.Score(ref.test[1:].batch(0, ref.test[0].len()))
	require.NoError(t, err)
	require.Equal(t, want, values(t, col), "by position")

	_, err = p.Bind(ref.test.schema(), false)
	require.EqualError(t, err, "the model was trained with 14 feature columns, but there are 15")
	short := append(rows{}, ref.test[2:]...)
	_, err = p.Bind(short.schema(), true)
	require.ErrorContains(t, err, `column "age"`)

	unseen, missing := ref.test.pick(func(i int) bool { return i < 50 }), ref.test.pick(func(i int) bool { return i < 50 })
	for i := range unseen[6].texts {
		unseen[6].texts[i] = "never seen"
	}
	model := p.(*predictor)
	b, err := bind(model.layout, missing.schema(), missing.data().Features, true)
	require.NoError(t, err)
	columns := blank(nil, 14, nil, 50)
	require.NoError(t, b.fill(missing.batch(0, 50), columns))
	for i := range columns[5] {
		columns[5][i] = nan
	}
	require.Equal(t, model.link.Predict(model.margins(columns, 50), 1), scoreRows(t, p, unseen))
}
