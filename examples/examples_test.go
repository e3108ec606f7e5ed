package examples_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/examples"
	"github.com/batchmill/batchmill/jobs"
)

// scheduledAt is when the test's schedule fires.
var scheduledAt = time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC)

// parsers read each kind of document, by file name without ending.
var parsers = map[string]func([]byte) (any, error){
	"split":     func(b []byte) (any, error) { return jobs.ParseSplitJob(b) },
	"train":     func(b []byte) (any, error) { return jobs.ParseTrainingJob(b) },
	"model":     func(b []byte) (any, error) { return jobs.ParseModel(b) },
	"transform": func(b []byte) (any, error) { return jobs.ParseTransformJob(b) },
	"tune":      func(b []byte) (any, error) { return jobs.ParseHyperParameterTuningJob(b) },
	"weekly":    func(b []byte) (any, error) { return jobs.ParseTransformJob(b) },
}

// TestDocuments: every document is valid, and its YAML twin says the same.
func TestDocuments(t *testing.T) {
	t.Parallel()
	files, err := fs.Glob(examples.Documents, "documents/*")
	require.NoError(t, err)
	require.Len(t, files, 2*len(parsers))
	for name, parse := range parsers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			read := func(ending string) any {
				text, err := jobs.Expand(examples.Document(name+ending), scheduledAt, time.UTC)
				require.NoError(t, err)
				parsed, err := parse(text)
				require.NoError(t, err, "%s%s", name, ending)
				return parsed
			}
			require.Equal(t, read(".json"), read(".yaml"))
			require.True(t, json.Valid(examples.Document(name+".json")))
		})
	}
}

// TestDocumentsFitTogether: each job reads what the one before writes.
func TestDocumentsFitTogether(t *testing.T) {
	t.Parallel()
	split, err := jobs.ParseSplitJob(examples.Document("split.json"))
	require.NoError(t, err)
	training, err := jobs.ParseTrainingJob(examples.Document("train.json"))
	require.NoError(t, err)
	model, err := jobs.ParseModel(examples.Document("model.json"))
	require.NoError(t, err)
	transform, err := jobs.ParseTransformJob(examples.Document("transform.json"))
	require.NoError(t, err)
	sides := map[string]bool{}
	for _, o := range split.Outputs {
		sides[split.OutputDataConfig.S3OutputPath+o.ChannelName+"/"] = true
	}
	for _, c := range training.InputDataConfig {
		require.True(t, sides[c.DataSource.S3DataSource.S3Uri], c.ChannelName)
		require.True(t, strings.HasPrefix(c.ContentType, split.OutputDataConfig.ContentType))
	}
	require.True(t, sides[transform.TransformInput.DataSource.S3DataSource.S3Uri])
	require.Equal(t, training.OutputDataConfig.S3OutputPath+training.TrainingJobName+"/output/model.tar.gz", model.PrimaryContainer.ModelDataUrl)
	require.Equal(t, model.ModelName, transform.ModelName)
}

// TestWeeklyRunsDiffer: two runs of the schedule have different names and prefixes.
func TestWeeklyRunsDiffer(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for week := range 3 {
		text, err := jobs.Expand(examples.Document("weekly.json"), scheduledAt.AddDate(0, 0, 7*week), time.UTC)
		require.NoError(t, err)
		job, err := jobs.ParseTransformJob(text)
		require.NoError(t, err)
		seen[job.TransformJobName], seen[job.TransformOutput.S3OutputPath] = true, true
	}
	require.Len(t, seen, 6)
	require.True(t, seen["housing-2026-W48"])
	require.True(t, seen["s3://demo/weekly/2026-11-23/"])
}

func TestHousing(t *testing.T) {
	t.Parallel()
	records, err := csv.NewReader(bytes.NewReader(examples.Housing)).ReadAll()
	require.NoError(t, err)
	require.Len(t, records, 16512+1)
	require.Contains(t, records[0], "median_house_value")
}

// TestScripts: the shell scripts parse, and name documents that are there.
func TestScripts(t *testing.T) {
	t.Parallel()
	scripts, err := filepath.Glob("*.sh")
	require.NoError(t, err)
	require.NotEmpty(t, scripts)
	for _, script := range scripts {
		out, err := exec.Command("bash", "-n", script).CombinedOutput()
		require.NoError(t, err, "%s: %s", script, out)
		text, err := os.ReadFile(script)
		require.NoError(t, err)
		for word := range strings.FieldsSeq(string(text)) {
			if word = strings.Trim(word, `"'`); strings.HasPrefix(word, "documents/") {
				require.FileExists(t, path.Clean(word))
			}
		}
	}
}
