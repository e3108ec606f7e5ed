package jobs

import (
	"errors"
	"fmt"
)

// Class says whose an error is to mend, and thereby whether trying again can help. It is the prefix of a FailureReason.
type Class string

const (
	// ClientError: the user's document, data or permissions. Never retried.
	ClientError Class = "ClientError"
	// AlgorithmError: the algorithm failed on valid input. Never retried.
	AlgorithmError Class = "AlgorithmError"
	// InternalServerError: ours or the machine's. Retried.
	InternalServerError Class = "InternalServerError"
)

// Failure is an error with a class.
type Failure struct {
	Class Class
	Err   error
}

func (f *Failure) Error() string { return f.Err.Error() }
func (f *Failure) Unwrap() error { return f.Err }

// Failf makes a Failure; %w is honoured.
func Failf(c Class, format string, args ...any) error {
	return &Failure{c, fmt.Errorf(format, args...)}
}

// ClassOf returns the class of err, InternalServerError where none was given.
func ClassOf(err error) Class {
	var f *Failure
	if errors.As(err, &f) {
		return f.Class
	}
	return InternalServerError
}
