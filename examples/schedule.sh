#!/usr/bin/env bash
# Scores the newest data every Monday at 06:00 Berlin time. The document's placeholders give each run its own name and
# prefix. A run that is missed while everything is down is made up for within a day; a run that is still on when the next
# one is due makes that one wait.
#
#   eval "$(batchmill env)"; bash schedule.sh
set -euo pipefail
cd "$(dirname "$0")"

batchmill schedule create weekly-housing documents/weekly.json \
  --cron "0 6 * * MON" \
  --time-zone Europe/Berlin \
  --overlap BufferOne \
  --catch-up 24h

batchmill schedule trigger weekly-housing # once now, to see it work
batchmill schedule list
