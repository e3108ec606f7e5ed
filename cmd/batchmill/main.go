// Command batchmill splits data, trains models and scores in bulk: see `batchmill --help`.
package main

import (
	"context"
	"os"

	"github.com/batchmill/batchmill/devstack"
)

func main() {
	if devstack.ChildMain(os.Args) { // this process is one of the embedded servers
		return
	}
	a := &app{in: os.Stdin, out: os.Stdout, errOut: os.Stderr}
	os.Exit(a.run(context.Background(), os.Args[1:]))
}
