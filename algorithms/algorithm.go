// Package algorithms defines what a trainable algorithm is and finds one by name. One package per algorithm lies below
// it. Pure computation: it imports neither Temporal nor storage; rows come in as dataset batches, models go out as files.
package algorithms

import (
	"context"
	"io/fs"

	"github.com/batchmill/batchmill/dataset"
)

// Algorithm can be trained and can load what it trained. Implementations hold no state and are safe for concurrent use.
type Algorithm interface {
	// Name is the repository part of a TrainingImage URI that selects the algorithm, e.g. "xgboost".
	Name() string
	// HyperParameters declares every hyperparameter: the one source for parsing, error texts, documentation and tuning.
	HyperParameters() HyperParameters
	// Channels declares the channels, in the order shown to users.
	Channels() []ChannelSpec
	// ContentTypes lists the media types (without parameters) channels may have; the first is the default.
	ContentTypes() []string
	// Train runs until done, ctx ends or a fault. Same request, same result bytes, at any number of threads, whether or not it
	// was interrupted and resumed. Errors the user can mend are *HyperParameterError, *DataError or dataset's errors.
	Train(ctx context.Context, req *TrainRequest) (*TrainResult, error)
	// Load reads a model from the unpacked files of an artifact (or a bare model file of a format the algorithm knows).
	Load(files fs.FS) (Predictor, error)
}

// Recognizer is an Algorithm that knows its models by their content.
type Recognizer interface {
	Algorithm
	// Recognize is nil where the files hold what looks like a model for Load, else a *DataError that says what they hold.
	Recognize(files fs.FS) error
}

// ChannelSpec declares one channel.
type ChannelSpec struct {
	Name     string
	Required bool
	Files    bool // holds files, not rows: a model to go on from (TrainRequest.Model)
}

// Data is one channel: which columns play which part, and a way to read the rows, as often as needed, always in the same order.
type Data struct {
	Schema   *dataset.Schema
	Label    []string // label columns, usually one
	Weight   string   // instance weight column, or ""
	Group    string   // column of query numbers for ranking, or "": an algorithm may find one by its name
	Features []string // feature columns in order (excludes label, weight, ignored)
	Named    bool     // the names are the user's own; false when they were made up from positions (f0, f1, ...)
	Open     func(ctx context.Context) (dataset.Reader, error)
}

// TrainRequest is one training run.
type TrainRequest struct {
	HyperParameters map[string]string
	Channels        map[string]*Data
	// Model holds the unpacked files of the model channel, a model to go on from or to update; nil where there is none.
	Model fs.FS
	// Threads bounds the cores to use; 0 means all.
	Threads int
	// Resume is the state of an earlier attempt's last checkpoint, nil to start anew.
	Resume []byte
	// OnRound is called after each round (epoch, pass) in order, including, on resume, only the rounds run now. An error ends
	// training with that error. May be nil.
	OnRound func(Round) error
	// Checkpoint, if not nil, is called after a round with a function that encodes the state; the callee decides whether to
	// store it. Resuming from it gives the same bytes as never having stopped.
	Checkpoint func(round int, encode func() ([]byte, error)) error
	// Stop, if not nil, is polled between rounds: true ends training early and keeps what is there (a user's stop).
	Stop func() bool
}

// Round is the outcome of one training round.
type Round struct {
	Index   int // from 0
	Total   int // rounds asked for
	Metrics []Metric
	Log     string // the line for the job's log, e.g. "[0]\ttrain-rmse:0.5\tvalidation-rmse:0.6"
}

// Metric is one measured value, named like "validation:rmse".
type Metric struct {
	Name  string
	Value float64
}

// TrainResult is a finished model.
type TrainResult struct {
	Files   map[string][]byte // members of model.tar.gz by name
	Metrics []Metric          // final values
	Rounds  int               // rounds in the model
}

// Predictor scores rows. Safe for concurrent use.
type Predictor interface {
	// Features describes what a row must hold.
	Features() []Feature
	// Output describes the column predictions come in.
	Output() dataset.Field
	// Bind matches the model's features with the columns of a schema: by name where both have names, else by position.
	// A missing or renamed column, a wrong count or an unusable type is a *DataError that names it.
	Bind(schema *dataset.Schema, named bool) (Scorer, error)
}

// Feature is one input column of a model.
type Feature struct {
	Name        string
	Categories  []string // for a text or boolean feature: the categories learned in training; nil for a number
	Categorical bool     // categories (or category codes, where Categories is nil)
	Made        bool     // the name is made up from the position: the model knows none
	Double      bool     // numbers are compared in double precision, as they stand in the data; else in single precision
}

// Scorer scores batches of the schema it was bound to. Safe for concurrent use.
type Scorer interface {
	// Score returns one value per row, of the type Output says. It does not keep or release the batch.
	Score(batch dataset.Batch) (dataset.Column, error)
}
