package algorithms

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// Registry finds algorithms by name. It is a value made at start-up; nothing registers itself.
type Registry struct {
	algorithms []Algorithm
}

// NewRegistry returns a registry of the given algorithms, in that order.
func NewRegistry(algs ...Algorithm) *Registry { return &Registry{algorithms: algs} }

// Find returns the algorithm of a name: its own, or a TrainingImage URI, of which only the repository part counts (the last
// path element before ":" or "@"; a leading "sagemaker-" is ignored). The error is an *UnknownAlgorithmError.
func (r *Registry) Find(name string) (Algorithm, error) {
	want := Repository(name)
	for _, a := range r.algorithms {
		if a.Name() == want || a.Name() == strings.TrimPrefix(want, "sagemaker-") {
			return a, nil
		}
	}
	return nil, &UnknownAlgorithmError{Name: name, Known: r.Names()}
}

// Recognize finds the algorithm that reads a model of which nobody says so, by its content. The error is the first algorithm's, a
// *DataError.
func (r *Registry) Recognize(files fs.FS) (Algorithm, error) {
	var first error
	for _, a := range r.algorithms {
		k, ok := a.(Recognizer)
		if !ok {
			continue
		}
		err := k.Recognize(files)
		if err == nil {
			return a, nil
		}
		if first == nil {
			first = err
		}
	}
	if first == nil {
		first = &DataError{Reason: "no algorithm here knows its models by their content; register the model under a name"}
	}
	return nil, first
}

// Names lists the algorithms' names in byte order.
func (r *Registry) Names() []string {
	names := make([]string, len(r.algorithms))
	for i, a := range r.algorithms {
		names[i] = a.Name()
	}
	slices.Sort(names)
	return names
}

// Repository returns the repository part of an image URI: "xgboost" of "123.dkr.ecr.eu-west-1.amazonaws.com/xgboost:1".
func Repository(image string) string {
	image = image[strings.LastIndexByte(image, '/')+1:]
	if i := strings.IndexAny(image, ":@"); i >= 0 {
		image = image[:i]
	}
	return image
}

// UnknownAlgorithmError says that no algorithm has the name.
type UnknownAlgorithmError struct {
	Name  string
	Known []string
}

func (e *UnknownAlgorithmError) Error() string {
	return fmt.Sprintf("algorithms: no algorithm %q; known: %s", e.Name, strings.Join(e.Known, ", "))
}
