package jobs

import (
	"fmt"
	"strings"
)

// The errors of requests, in the texts that scripts match (contract 1.4 to 1.6). Code is each error's name on the wire.

// InUseError says that a job of that name exists already.
type InUseError struct{ ARN string }

func (e *InUseError) Error() string {
	if _, name, ok := strings.Cut(e.ARN, ":"+TuningKind.IDPrefix+"/"); ok {
		return "A hyperparameter tuning job with the name, " + name + ", already exists. Choose a different name."
	}
	return "Job name must be unique within an AWS account and region, and a job with this name already exists (" + e.ARN + ")"
}

// Code is the error's code on the wire.
func (e *InUseError) Code() string { return "ResourceInUse" }

// NotFoundError says that there is no job of that name; make one with NotFound.
type NotFoundError struct {
	Kind    Kind
	Message string
}

func (e *NotFoundError) Error() string { return e.Message }

// Code is the error's code on the wire.
func (e *NotFoundError) Code() string {
	if e.Kind == TuningKind {
		return "ResourceNotFound"
	}
	return "ValidationException"
}

// NotFound is the error for a job that does not exist. Training jobs have a text of their own, without the name.
func NotFound(k Kind, name string) *NotFoundError {
	switch k {
	case TrainingKind:
		return &NotFoundError{k, "Requested resource not found."}
	case TuningKind:
		return &NotFoundError{k, "Amazon SageMaker can't find a tuning job called " + name + ". Type another name."}
	}
	return &NotFoundError{k, "Could not find requested job with name: " + name}
}

// ModelExistsError says that a model of that name exists already.
type ModelExistsError struct{ ARN string }

func (e *ModelExistsError) Error() string {
	return fmt.Sprintf(`Cannot create already existing model "%s".`, e.ARN)
}

// Code is the error's code on the wire.
func (e *ModelExistsError) Code() string { return "ValidationException" }

// ModelNotFoundError says that there is no model of that name.
type ModelNotFoundError struct{ ARN string }

func (e *ModelNotFoundError) Error() string { return fmt.Sprintf(`Could not find model "%s".`, e.ARN) }

// Code is the error's code on the wire.
func (e *ModelNotFoundError) Code() string { return "ValidationException" }

// ModelNotFound is the error for a model that does not exist, by its ARN, or its name where no ARN is at hand.
func ModelNotFound(arnOrName string) *ModelNotFoundError { return &ModelNotFoundError{arnOrName} }

// EndedError refuses to stop a job that has ended.
type EndedError struct {
	Kind   Kind
	Status string
}

func (e *EndedError) Error() string {
	return fmt.Sprintf("The request was rejected because the %s is in status %s.", e.Kind.noun(), e.Status)
}

// Code is the error's code on the wire.
func (e *EndedError) Code() string { return "ValidationException" }
