// Package xgboost is gradient-boosted trees under the name, hyperparameters and model files of XGBoost as SageMaker runs it.
//
// Training grows histogram trees on binned features; scoring takes rows down a compact form of the trees. The artifact is
// XGBoost's own JSON model, which the Python package loads, and models made by XGBoost load here. It knows neither
// channels' formats nor objects: rows come as dataset batches.
package xgboost

import (
	"github.com/batchmill/batchmill/algorithms"
)

// New returns the algorithm.
func New() algorithms.Algorithm { return algorithm{} }

type algorithm struct{}

func (algorithm) Name() string { return "xgboost" }

func (algorithm) HyperParameters() algorithms.HyperParameters { return declared }

func (algorithm) Channels() []algorithms.ChannelSpec {
	return []algorithms.ChannelSpec{{Name: "train", Required: true}, {Name: "validation"}, {Name: "model", Files: true}}
}

func (algorithm) ContentTypes() []string {
	return []string{"text/libsvm", "text/x-libsvm", "text/csv", "application/x-parquet", "application/jsonlines", "application/x-recordio-protobuf", "application/vnd.apache.arrow.file", "application/vnd.apache.arrow.stream"}
}
