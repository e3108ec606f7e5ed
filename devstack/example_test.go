//go:build !slim

package devstack_test

import (
	"context"
	"fmt"
	"os"

	"github.com/batchmill/batchmill/devstack"
)

// The program calls devstack.ChildMain(os.Args) first thing in main; here the tests' TestMain does.
func ExampleStart() {
	dir, err := os.MkdirTemp("", "stack-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	stack, err := devstack.Start(context.Background(), devstack.Config{
		Dir: dir, TemporalPort: devstack.FreePort, UIPort: devstack.FreePort, S3Port: devstack.FreePort,
	})
	if err != nil {
		panic(err)
	}
	defer stack.Stop()
	env := stack.Env()
	fmt.Println(env["TEMPORAL_NAMESPACE"], env["AWS_REGION"], env["TEMPORAL_ADDRESS"] != "")
	// Output: default us-east-1 true
}
