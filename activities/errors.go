package activities

import (
	"context"
	"errors"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/dataset"
	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/storage"
)

// temporalError maps an error, typed at its source, to Temporal's: the class becomes the error's type, and whose fault it
// is decides whether it is tried again.
func temporalError(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		if stopping(ctx) {
			// Not the job but this worker is going away: another one shall take over.
			return temporal.NewApplicationError("worker is shutting down", string(jobs.InternalServerError))
		}
		if !askedToStop(ctx) {
			return temporal.NewApplicationError("lost touch with the Temporal server", string(jobs.InternalServerError))
		}
		return temporal.NewCanceledError()
	}
	var app *temporal.ApplicationError
	if errors.As(err, &app) {
		return err
	}
	class := classify(err)
	options := temporal.ApplicationErrorOptions{
		NonRetryable: class != jobs.InternalServerError || errors.As(err, new(*givenUpError)),
	}
	if errors.Is(err, storage.ErrFull) {
		options.NextRetryDelay = fullDelay(attempt(ctx))
	}
	return temporal.NewApplicationErrorWithOptions(err.Error(), string(class), options)
}

// askedToStop tells whether an activity's context ended because its job is to stop. Temporal's SDK ends it for other reasons
// too: the server could not be reached, or has given the attempt up for lost and begun another.
func askedToStop(ctx context.Context) bool {
	if ctx.Err() == nil {
		return false
	}
	return !activity.IsActivity(ctx) || temporal.IsCanceledError(context.Cause(ctx))
}

// stopping tells whether the worker the activity runs on is shutting down.
func stopping(ctx context.Context) bool {
	if !activity.IsActivity(ctx) {
		return false
	}
	select {
	case <-activity.GetWorkerStopChannel(ctx):
		return true
	default:
		return false
	}
}

func classify(err error) jobs.Class {
	var failure *jobs.Failure
	if errors.As(err, &failure) {
		return failure.Class
	}
	var (
		record    *dataset.RecordError
		schema    *dataset.SchemaError
		media     *dataset.MediaError
		hyper     *algorithms.HyperParameterError
		data      *algorithms.DataError
		output    *algorithms.OutputError
		documents *jobs.ValidationError
	)
	switch {
	case errors.Is(err, storage.ErrUnavailable):
		return jobs.InternalServerError
	case errors.Is(err, storage.ErrAccessDenied), errors.Is(err, storage.ErrNoBucket), errors.Is(err, storage.ErrPrecondition):
		return jobs.ClientError
	case errors.As(err, &record), errors.As(err, &schema), errors.As(err, &media), errors.As(err, &hyper), errors.As(err, &data), errors.As(err, &output), errors.As(err, &documents):
		return jobs.ClientError
	}
	return jobs.InternalServerError
}
