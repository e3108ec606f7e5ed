package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/mocks"

	"github.com/batchmill/batchmill/client"
	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/storage/memory"
)

func dial(t *testing.T, temporal *mocks.Client) *client.Client {
	t.Helper()
	c, err := client.Dial(context.Background(), client.Options{
		Temporal: temporal, Store: memory.New("batchmill"), Getenv: func(string) string { return "" },
	})
	require.NoError(t, err)
	return c
}

func TestModelsAreDocuments(t *testing.T) {
	t.Parallel()
	ctx, c := context.Background(), dial(t, new(mocks.Client))
	doc := []byte("ModelName: churn\nPrimaryContainer: {Image: 'xgboost:1', ModelDataUrl: s3://b/model.tar.gz}\n")
	made, err := c.CreateModel(ctx, doc)
	require.NoError(t, err)
	require.Equal(t, "arn:aws:sagemaker:us-east-1:000000000000:model/churn", made.ModelArn)

	_, err = c.CreateModel(ctx, doc)
	var exists *jobs.ModelExistsError
	require.True(t, errors.As(err, &exists))
	require.Equal(t, `Cannot create already existing model "arn:aws:sagemaker:us-east-1:000000000000:model/churn".`, err.Error())

	found, err := c.DescribeModel(ctx, "churn")
	require.NoError(t, err)
	require.Equal(t, "s3://b/model.tar.gz", found.PrimaryContainer.ModelDataUrl)
	require.Equal(t, "SingleModel", found.PrimaryContainer.Mode)

	all, err := c.ListModels(ctx, "chu")
	require.NoError(t, err)
	require.Len(t, all, 1)
	none, err := c.ListModels(ctx, "x")
	require.NoError(t, err)
	require.Empty(t, none)

	require.NoError(t, c.DeleteModel(ctx, "churn"))
	var missing *jobs.ModelNotFoundError
	require.True(t, errors.As(c.DeleteModel(ctx, "churn"), &missing))
}

// A document is refused before Temporal hears of it; so the mock, which expects no call, is enough.
func TestStartRefusesBadDocuments(t *testing.T) {
	t.Parallel()
	c := dial(t, new(mocks.Client))
	for text, doc := range map[string]string{
		"Modell": `{"TransformJobName":"j","Modell":"m"}`,
		"2 validation errors detected": `{"TransformJobName":"-j","ModelName":"m","BatchStrategy":"Both",
 "TransformInput":{"DataSource":{"S3DataSource":{"S3DataType":"S3Prefix","S3Uri":"s3://b/in/"}}},"TransformOutput":{"S3OutputPath":"s3://b/out/"}}`,
		"placeholder": `{"TransformJobName":"j-{{.Nope}}"}`,
	} {
		_, err := c.Start(context.Background(), jobs.TransformKind, []byte(doc))
		require.ErrorContains(t, err, text)
	}
}

func TestSchedulesNeedNamesThatDiffer(t *testing.T) {
	t.Parallel()
	c := dial(t, new(mocks.Client))
	doc := map[string]any{
		"TransformJobName": "weekly", "ModelName": "m",
		"TransformInput":  map[string]any{"DataSource": map[string]any{"S3DataSource": map[string]string{"S3DataType": "S3Prefix", "S3Uri": "s3://b/in/"}}},
		"TransformOutput": map[string]string{"S3OutputPath": "s3://b/out/"},
	}
	text, err := json.Marshal(doc)
	require.NoError(t, err)
	s := client.Schedule{Name: "s", Kind: jobs.TransformKind, Document: text, Cron: []string{"0 6 * * MON"}}
	require.ErrorContains(t, c.CreateSchedule(context.Background(), s), `every run of the schedule would be named "weekly"`)
	s.TimeZone = "Mars/Olympus"
	require.ErrorContains(t, c.CreateSchedule(context.Background(), s), "Mars/Olympus")
	s.TimeZone, s.Overlap = "", "Sometimes"
	require.ErrorContains(t, c.CreateSchedule(context.Background(), s), "Sometimes")
	s.Overlap, s.Cron = "", nil
	require.ErrorContains(t, c.CreateSchedule(context.Background(), s), "cron")
}
