// Package e2e holds tests of the product as users have it: its own binary in processes of its own, a real Temporal server,
// a real S3 server. They prove what no test within one process can: a killed worker, a killed server, a server that stops
// answering, and that a job's bytes are the same whatever happened on the way.
//
// Names of jobs are unique on the stack that most tests share, so repeat the tests by running them again, not by -count.
// `go test -short` skips them. BATCHMILL_BIN names a binary to test; without it, one is built.
package e2e
