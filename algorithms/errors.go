package algorithms

import "fmt"

// HyperParameterError is a hyperparameter the user must mend. Text as the SageMaker containers say it.
type HyperParameterError struct {
	Name   string
	Reason string // whole sentence, e.g. "Hyperparameter eta: 2 is not in [0, 1]"
}

func (e *HyperParameterError) Error() string { return e.Reason }

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
