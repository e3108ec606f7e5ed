// Package devstack runs everything a batch job needs on one machine: a Temporal server on a SQLite file with its Web UI,
// and an S3 server on a local folder. Nothing is installed or downloaded; both come from Go modules linked into the
// calling binary.
//
// Each server is a child process of the same binary, started again with a hidden verb as its first argument. A program
// that uses this package must therefore call [ChildMain] before anything else:
//
//	func main() {
//		if devstack.ChildMain(os.Args) {
//			return
//		}
//		...
//	}
//
// A child reads its settings as one line of JSON on its standard input and ends when that pipe reaches its end, so the
// servers die with their parent even when the parent gets SIGKILL. Secrets never appear in arguments or in the
// environment.
//
// What a data folder holds:
//
//	lock              held by the process that runs the stack
//	credentials.json  the S3 key pair, made once, mode 0600
//	stack.json        addresses of the stack that runs, or ran last
//	temporal/         the Temporal server's database
//	s3/               one folder per bucket, one file per object
//	logs/             what the two servers have to say
//
// The servers have no authentication beyond the S3 key pair and no TLS. They listen on the loopback interface unless
// told otherwise. The S3 server does not fsync: an acknowledged object survives any crash of a process, not a power cut.
//
// With the build tag "slim" the servers are left out of the binary and [Start] returns [ErrSlim].
//
// The package knows no job, no dataset and no workflow. It runs on Unix.
package devstack
