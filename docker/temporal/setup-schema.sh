#!/bin/sh
# Creates or updates Temporal's databases. The SQL_* variables say where. Every step may be repeated.
set -eu

for db in temporal temporal_visibility; do
  schema=temporal
  [ "$db" = temporal_visibility ] && schema=visibility
  temporal-sql-tool --db "$db" create
  temporal-sql-tool --db "$db" setup-schema -v 0.0
  temporal-sql-tool --db "$db" update-schema --schema-name "postgresql/v12/$schema"
done
