package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"go.temporal.io/api/serviceerror"

	"github.com/batchmill/batchmill/client"
	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/storage"
)

// The exit codes, as the help of the root command documents them.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitUnreachable = 3
	exitInterrupted = 130
)

// codedError is an error that knows its exit code.
type codedError struct {
	code int
	err  error
}

func (e *codedError) Error() string { return e.err.Error() }
func (e *codedError) Unwrap() error { return e.err }

func usage(err error) error { return &codedError{exitUsage, err} }

func usagef(format string, args ...any) error { return usage(fmt.Errorf(format, args...)) }

// errReported ends a verb with exit code 1 without another line: what happened has been printed.
var errReported = &codedError{exitFailed, errors.New("")}

// exitCode tells the exit code by the error's type.
func exitCode(err error) int {
	var coded *codedError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &coded):
		return coded.code
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	case isBadDocument(err):
		return exitUsage
	case isUnreachable(err):
		return exitUnreachable
	}
	return exitFailed
}

func isBadDocument(err error) bool {
	var syntax *jobs.SyntaxError
	var invalid *jobs.ValidationError
	var placeholder *jobs.PlaceholderError
	return errors.As(err, &syntax) || errors.As(err, &invalid) || errors.As(err, &placeholder)
}

func isUnreachable(err error) bool {
	if errors.Is(err, storage.ErrUnavailable) || errors.Is(err, storage.ErrAccessDenied) {
		return true
	}
	var unavailable *serviceerror.Unavailable
	var denied *serviceerror.PermissionDenied
	if errors.As(err, &unavailable) || errors.As(err, &denied) {
		return true
	}
	return errors.Is(err, client.ErrTemporal)
}

// report prints err on one line and returns the exit code.
func (a *app) report(err error) int {
	code := exitCode(err)
	if err == nil || errors.Is(err, errReported) {
		return code
	}
	fmt.Fprintln(a.errOut, "batchmill: "+oneLine(err, code))
	return code
}

// packagePrefix is what Go programs want to see in front of an error, and users do not.
var packagePrefix = regexp.MustCompile(`^((client|devstack|sharding|storage|worker): )+`)

// oneLine adds what to do to what went wrong, where the error does not say it.
func oneLine(err error, code int) string {
	s := packagePrefix.ReplaceAllString(strings.Join(strings.Fields(err.Error()), " "), "")
	switch {
	case errors.Is(err, context.Canceled):
		s = "interrupted"
	case errors.Is(err, storage.ErrAccessDenied):
		s += "; check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
	case errors.Is(err, client.ErrTemporal):
		s += `; check TEMPORAL_ADDRESS, or start a local stack with "batchmill dev"`
	case errors.Is(err, storage.ErrUnavailable):
		s += `; check AWS_ENDPOINT_URL_S3, or start a local stack with "batchmill dev"`
	case code == exitUsage && !isBadDocument(err):
		s += `; see "batchmill --help"`
	}
	return s
}

func printf(w io.Writer, format string, args ...any) { _, _ = fmt.Fprintf(w, format, args...) }
