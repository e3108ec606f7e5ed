// Package imports holds the rule of which package may import which, and the test that keeps it. It reads import clauses
// of all Go files, whatever their build tags.
package imports

import "strings"

// module is the import path all of Batchmill's packages begin with.
const module = "github.com/batchmill/batchmill"

// A room is a top-level folder of the module. Below it all packages follow the same rule.
//
//	cmd -> api, client, worker, devstack, report -> workflows, activities -> tuning, algorithms, dataset, storage -> jobs
//
// mayImport lists the rooms whose packages a room may import beside its own. internal holds what only tests need and is
// open to every room's tests.
var mayImport = map[string][]string{
	"jobs":       {},
	"storage":    {},
	"dataset":    {},
	"algorithms": {"dataset"},
	"tuning":     {},
	"activities": {"jobs", "storage", "dataset", "algorithms", "tuning"},
	"workflows":  {"jobs"},
	"worker":     {"activities", "workflows", "algorithms", "storage", "jobs"},
	"client":     {"workflows", "jobs", "storage"},
	"api":        {"client", "workflows", "jobs", "storage"},
	"report":     {"jobs"},
	"devstack":   {},
	"examples":   {"client", "jobs"},
	"bench":      {"client", "worker", "devstack", "activities", "workflows", "algorithms", "tuning", "dataset", "storage", "jobs", "examples"},
	"cmd":        {"api", "client", "worker", "devstack", "workflows", "algorithms", "dataset", "storage", "jobs", "examples", "activities", "report"},
	"internal":   {"dataset", "storage", "jobs"},
}

// exceptions are single packages that a room may import beside mayImport: data and names without I/O.
var exceptions = map[string][]string{
	// The names of activities and what they are given.
	"workflows": {module + "/activities/protocol"},
	"client":    {module + "/activities/protocol"},
	"worker":    {module + "/activities/protocol"},
	"api":       {module + "/activities/protocol"},
	"devstack":  {module + "/activities/protocol"},
}

// A fence keeps an outside module inside some folders.
type fence struct {
	module  string
	folders []string // of the module, with everything below
	why     string
}

var fences = []fence{
	{"github.com/apache/arrow/", []string{"dataset"}, "a later move to another Arrow must be one package's work"},
	{"go.temporal.io/server", []string{"devstack", "cmd"}, "the server weighs 130 MB and minutes of building"},
	{"github.com/temporalio/ui-server", []string{"devstack", "cmd"}, "the server weighs 130 MB and minutes of building"},
	{"github.com/versity/", []string{"devstack", "storage/s3"}, "the S3 server is part of the embedded stack, and what the driver is tested on"},
	{"github.com/minio/minio-go", []string{"storage/s3", "bench", "internal", "devstack"}, "the driver is storage/s3"},
	{"go.temporal.io/sdk", []string{"workflows", "activities", "worker", "client", "api", "cmd", "bench", "devstack", "examples", "internal"}, "pure packages know no Temporal"},
	{"go.temporal.io/api", []string{"workflows", "activities", "worker", "client", "api", "cmd", "bench", "devstack", "examples", "internal"}, "pure packages know no Temporal"},
	{"github.com/spf13/cobra", []string{"cmd"}, "only the binary has verbs"},
}

// testModules are imported by tests, and else only by the named room.
var testModules = map[string]string{
	"github.com/xitongsys/":       "dataset", // the second Parquet implementation; dataset takes its types of the file's footer
	"github.com/stretchr/testify": "",
}

// room is the top-level folder of a path inside the module.
func room(path string) string {
	room, _, _ := strings.Cut(path, "/")
	return room
}

// inside tells whether a folder is one of the given ones or below one.
func inside(folder string, folders []string) bool {
	for _, f := range folders {
		if folder == f || strings.HasPrefix(folder, f+"/") {
			return true
		}
	}
	return false
}
