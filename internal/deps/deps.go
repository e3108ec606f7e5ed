//go:build deps

// Package deps pins modules until the packages that use them are there.
package deps

import (
	_ "github.com/apache/arrow/go/v15/parquet/pqarrow"
	_ "github.com/minio/minio-go/v7"
	_ "github.com/spf13/cobra"
	_ "github.com/temporalio/ui-server/v2/server"
	_ "github.com/vbauerster/mpb/v8"
	_ "github.com/versity/versitygw/backend/posix"
	_ "github.com/versity/versitygw/embedgw"
	_ "github.com/xitongsys/parquet-go-source/buffer"
	_ "github.com/xitongsys/parquet-go/reader"
	_ "go.temporal.io/sdk/contrib/envconfig"
	_ "go.temporal.io/sdk/worker"
	_ "go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	_ "go.temporal.io/server/schema/sqlite"
	_ "go.temporal.io/server/temporal"
	_ "go.yaml.in/yaml/v4"
	_ "gonum.org/v1/gonum/stat"
	_ "github.com/stretchr/testify/require"
)
