package algorithms

import (
	"fmt"
	"strings"
)

// HyperParameterError is one or more hyperparameters the user must mend. Text as the SageMaker containers say it.
type HyperParameterError struct {
	Name   string                 // of the first
	Reason string                 // whole sentence, e.g. "Hyperparameter eta: 2 is not in [0, 1]"
	More   []*HyperParameterError // the others, where there are several
}

func (e *HyperParameterError) Error() string {
	reasons := []string{e.Reason}
	for _, m := range e.More {
		reasons = append(reasons, m.Reason)
	}
	return strings.Join(reasons, "; ")
}

// JoinFaults makes one error of several, nil of none.
func JoinFaults(faults []*HyperParameterError) error {
	if len(faults) == 0 {
		return nil
	}
	first := *faults[0]
	first.More = append(first.More[:len(first.More):len(first.More)], faults[1:]...)
	return &first
}

// DataError is a channel or batch the algorithm cannot use; Column is empty when it is not about one column.
type DataError struct {
	Channel string
	Column  string
	Reason  string
}

func (e *DataError) Error() string {
	s := ""
	if e.Channel != "" {
		s = fmt.Sprintf("channel %s: ", e.Channel)
	}
	if e.Column != "" {
		s += fmt.Sprintf("column %q: ", e.Column)
	}
	return s + e.Reason
}
