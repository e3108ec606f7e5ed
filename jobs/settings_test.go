package jobs

import (
	"flag"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite generated files")

const settingsPage = "../docs/settings.md"

func TestSettingsPage(t *testing.T) {
	t.Parallel()
	want := SettingsMarkdown()
	if *update {
		require.NoError(t, os.WriteFile(settingsPage, []byte(want), 0o644))
	}
	got, err := os.ReadFile(settingsPage)
	require.NoError(t, err)
	assert.Equal(t, want, string(got), "run go test ./jobs -run TestSettingsPage -update")
}

func TestTransformSettings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		env  map[string]string
		want Settings
		err  string
	}{
		{"defaults", nil, Settings{ShardSizeMB: 64, CheckpointSeconds: 30}, ""},
		{"others pass", map[string]string{"OMP_NUM_THREADS": "2", "batchmill_shards": "x"}, DefaultSettings(), ""},
		{"all", map[string]string{"BATCHMILL_SHARDS": "17", "BATCHMILL_SHARD_SIZE_MB": "8", "BATCHMILL_MAX_REJECTED_RECORDS": "3", "BATCHMILL_KEEP_STAGING": "True"},
			Settings{Shards: 17, ShardSizeMB: 8, MaxRejected: Rejected{Records: 3}, KeepStaging: true, CheckpointSeconds: 30}, ""},
		{"share", map[string]string{"BATCHMILL_MAX_REJECTED_RECORDS": "0.5%"}, Settings{ShardSizeMB: 64, MaxRejected: Rejected{Percent: 0.5}, CheckpointSeconds: 30}, ""},
		{"outputs", map[string]string{"BATCHMILL_OUTPUT": "margin, Contributions"}, Settings{ShardSizeMB: 64, CheckpointSeconds: 30, Outputs: []string{"margin", "contributions"}}, ""},
		{"SageMaker's outputs", map[string]string{"SAGEMAKER_INFERENCE_OUTPUT": "predicted_label,probability"}, Settings{ShardSizeMB: 64, CheckpointSeconds: 30, Outputs: []string{"predicted_label", "probability"}}, ""},
		{"no such output", map[string]string{"SAGEMAKER_INFERENCE_OUTPUT": "margin"}, Settings{}, `1 validation error detected: Value 'margin' at 'environment.SAGEMAKER_INFERENCE_OUTPUT' failed to satisfy constraint: Member must be a comma list, without repetition, of predicted_label, labels, probability, probabilities, raw_score, raw_scores, predicted_score`},
		{"outputs twice", map[string]string{"BATCHMILL_OUTPUT": "margin", "SAGEMAKER_INFERENCE_OUTPUT": "labels"}, Settings{}, `1 validation error detected: Value 'labels' at 'environment.SAGEMAKER_INFERENCE_OUTPUT' failed to satisfy constraint: Member must be absent where BATCHMILL_OUTPUT selects outputs`},
		{"bad values", map[string]string{"BATCHMILL_SHARDS": "many", "BATCHMILL_MAX_REJECTED_RECORDS": "-1", "BATCHMILL_KEEP_STAGING": "si"}, Settings{}, `3 validation errors detected: ` +
			`Value 'si' at 'environment.BATCHMILL_KEEP_STAGING' failed to satisfy constraint: Member must be true or false; ` +
			`Value '-1' at 'environment.BATCHMILL_MAX_REJECTED_RECORDS' failed to satisfy constraint: Member must be an integer from 0, or a percentage such as 1%; ` +
			`Value 'many' at 'environment.BATCHMILL_SHARDS' failed to satisfy constraint: Member must be an integer from 1`},
		{"no percentage", map[string]string{"BATCHMILL_MAX_REJECTED_RECORDS": "101%"}, Settings{}, `1 validation error detected: Value '101%' at 'environment.BATCHMILL_MAX_REJECTED_RECORDS' failed to satisfy constraint: Member must be an integer from 0, or a percentage such as 1%`},
		{"unknown", map[string]string{"BATCHMILL_FOO": "1"}, Settings{}, `1 validation error detected: Value '1' at 'environment.BATCHMILL_FOO' failed to satisfy constraint: Member must be one of the settings BATCHMILL_SHARDS, BATCHMILL_SHARD_SIZE_MB, BATCHMILL_MAX_REJECTED_RECORDS, BATCHMILL_REJECTED_RECORDS, BATCHMILL_MODEL_URI, BATCHMILL_OUTPUT, SAGEMAKER_INFERENCE_OUTPUT, BATCHMILL_SERIES, BATCHMILL_SERIES_REDO, BATCHMILL_KEEP_STAGING`},
	} {
		got, err := TransformSettings(c.env)
		if c.err != "" {
			assert.EqualError(t, err, c.err, c.name)
			continue
		}
		require.NoError(t, err, c.name)
		assert.Equal(t, c.want, got, c.name)
	}
	training, err := TrainingSettings(map[string]string{"BATCHMILL_CHECKPOINT_SECONDS": "0"})
	require.NoError(t, err)
	assert.Zero(t, training.CheckpointSeconds)
}

func TestModelOutputs(t *testing.T) {
	t.Parallel()
	got, err := ModelOutputs(map[string]string{"SAGEMAKER_INFERENCE_OUTPUT": "labels", "BATCHMILL_FOO": "1"})
	require.NoError(t, err)
	assert.Equal(t, []string{"labels"}, got)
	got, err = ModelOutputs(nil)
	require.NoError(t, err)
	assert.Nil(t, got)
	_, err = ModelOutputs(map[string]string{"BATCHMILL_OUTPUT": "margin,margin"})
	require.ErrorContains(t, err, "Value 'margin,margin' at 'environment.BATCHMILL_OUTPUT'")
}

func TestRejectedAllows(t *testing.T) {
	t.Parallel()
	assert.True(t, Rejected{}.Allows(0, 0))
	assert.False(t, Rejected{}.Allows(1, 1000))
	assert.True(t, Rejected{Records: 3}.Allows(3, 3))
	assert.False(t, Rejected{Records: 3}.Allows(4, 1000))
	assert.True(t, Rejected{Percent: 1}.Allows(10, 1000))
	assert.False(t, Rejected{Percent: 1}.Allows(11, 1000))
	assert.Equal(t, "0.5%", Rejected{Percent: 0.5}.String())
	assert.Equal(t, "7", Rejected{Records: 7}.String())
}
