package main

import (
	"errors"
	"os"
	"runtime/pprof"
)

// profiled runs f and writes a profile of the process's processor time meanwhile to a file; an empty path is none.
func profiled(path string, f func() error) (err error) {
	if path == "" {
		return f()
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if err := pprof.StartCPUProfile(file); err != nil {
		return err
	}
	defer pprof.StopCPUProfile()
	return f()
}
