#!/usr/bin/env bash
# Starts a transform job with Temporal's own command line: the document is the workflow's one argument, as in the
# Temporal UI's "Start Workflow" form. The workflow ID is the job's name with its kind before it.
#
#   eval "$(batchmill env)"; bash start-from-temporal.sh
set -euo pipefail
cd "$(dirname "$0")"

temporal workflow start \
  --type TransformJob \
  --task-queue batchmill \
  --workflow-id transform-job/housing-test \
  --id-reuse-policy RejectDuplicate \
  --input-file documents/transform.json

temporal workflow result --workflow-id transform-job/housing-test
