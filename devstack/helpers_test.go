//go:build !slim

package devstack_test

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/batchmill/batchmill/devstack"
)

func countRequest(name string) *workflowservice.CountWorkflowExecutionsRequest {
	return &workflowservice.CountWorkflowExecutionsRequest{
		Namespace: devstack.Namespace, Query: "BatchmillJobName = '" + name + "'"}
}

// killHolder sends SIGKILL to the process that has the lock.
func killHolder(t *testing.T, lock string) {
	t.Helper()
	b, err := os.ReadFile(lock)
	require.NoError(t, err)
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	require.NoError(t, err)
	p, err := os.FindProcess(pid)
	require.NoError(t, err)
	require.NoError(t, p.Kill())
}
