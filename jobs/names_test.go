package jobs

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestAlgorithmName(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ image, want string }{
		{"xgboost", "xgboost"},
		{"sagemaker-xgboost", "xgboost"},
		{"683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1", "xgboost"},
		{"811284229777.dkr.ecr.us-east-1.amazonaws.com/xgboost:1", "xgboost"},
		{"localhost:5000/kmeans", "kmeans"},
		{"localhost:5000/a/linear-learner@sha256:00ff", "linear-learner"},
		{"r/sagemaker-scikit-learn:1.2-1", "sagemaker-scikit-learn"},
		{"", ""},
	} {
		assert.Equal(t, c.want, AlgorithmName(AlgorithmSpecification{TrainingImage: c.image}), c.image)
	}
	assert.Equal(t, "mine", AlgorithmName(AlgorithmSpecification{AlgorithmName: "mine"}))
	assert.Equal(t, "mine", AlgorithmName(AlgorithmSpecification{AlgorithmName: "arn:aws:sagemaker:us-east-1:123456789012:algorithm/mine"}))
}

// The texts that clients and scripts match (contract 1.4 to 1.6).
func TestRequestErrors(t *testing.T) {
	t.Parallel()
	arn := ARN(ModelResource, "eu-central-1", "123456789012", "housing")
	for _, c := range []struct {
		err        error
		code, text string
	}{
		{&InUseError{"A"}, "ResourceInUse", "Job name must be unique within an AWS account and region, and a job with this name already exists (A)"},
		{&InUseError{ARN(TuningKind.IDPrefix, "eu-central-1", "123456789012", "my-tune")}, "ResourceInUse", "A hyperparameter tuning job with the name, my-tune, already exists. Choose a different name."},
		{NotFound(TuningKind, "x"), "ResourceNotFound", "Amazon SageMaker can't find a tuning job called x. Type another name."},
		{&EndedError{TuningKind, "Completed"}, "ValidationException", "The request was rejected because the hyperparameter tuning job is in status Completed."},
		{NotFound(TrainingKind, "x"), "ValidationException", "Requested resource not found."},
		{NotFound(TransformKind, "x"), "ValidationException", "Could not find requested job with name: x"},
		{&ModelExistsError{arn}, "ValidationException", `Cannot create already existing model "arn:aws:sagemaker:eu-central-1:123456789012:model/housing".`},
		{&ModelNotFoundError{arn}, "ValidationException", `Could not find model "arn:aws:sagemaker:eu-central-1:123456789012:model/housing".`},
		{ModelNotFound("housing"), "ValidationException", `Could not find model "housing".`},
		{&EndedError{TrainingKind, "Stopped"}, "ValidationException", "The request was rejected because the training job is in status Stopped."},
		{&ValidationError{[]Violation{{"a", "b", "c"}}}, "ValidationException", "1 validation error detected: Value 'b' at 'a' failed to satisfy constraint: c"},
	} {
		assert.EqualError(t, c.err, c.text)
		assert.Equal(t, c.code, c.err.(interface{ Code() string }).Code())
	}
}

func TestFailureReason(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		want string
	}{
		{nil, ""},
		{Failf(ClientError, "no bucket %q", "b"), `ClientError: no bucket "b"`},
		{fmt.Errorf("shard 3: %w", Failf(AlgorithmError, "diverged")), "AlgorithmError: shard 3: diverged"},
		{errors.New("disk full"), "InternalServerError: We encountered an internal error. Please try again. (disk full)"},
	} {
		assert.Equal(t, c.want, FailureReason(c.err))
	}
	long := []rune(FailureReason(Failf(ClientError, "%s", strings.Repeat("ü", 2000))))
	assert.Len(t, long, 1024)
	assert.Equal(t, "ü…", string(long[1022:]))
}
