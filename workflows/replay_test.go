package workflows_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/batchmill/batchmill/workflows"
)

// TestReplay replays histories that a real server recorded: a change that would make running jobs of an older version fail
// is found here. `go test ./internal/e2e -run TestExamples -update` records them anew, which gives up that protection for
// jobs that are running: only for changes made before a release.
func TestReplay(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/histories/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			t.Parallel()
			replayer := worker.NewWorkflowReplayer()
			(&workflows.Workflows{Region: "us-east-1", Account: "000000000000"}).Register(replayer)
			recording, err := os.Open(file)
			require.NoError(t, err)
			defer recording.Close()
			history, err := client.HistoryFromJSON(recording, client.HistoryJSONOptions{})
			require.NoError(t, err)
			// A job is told from its stand-in by the ID it runs under.
			id := history.GetEvents()[0].GetWorkflowExecutionStartedEventAttributes().GetWorkflowId()
			require.NotEmpty(t, id)
			require.NoError(t, replayer.ReplayWorkflowHistoryWithOptions(nil, history, worker.ReplayWorkflowHistoryOptions{
				OriginalExecution: workflow.Execution{ID: id},
			}))
		})
	}
}
