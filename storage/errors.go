package storage

import (
	"errors"
	"fmt"
	"strings"
)

// ErrRange: the requested byte range does not lie within the object.
var ErrRange = errors.New("storage: range not within the object")

// noSpace is ErrFull, which errors.Is takes for ErrUnavailable as well.
type noSpace struct{}

func (noSpace) Error() string { return "storage: no space left" }
func (noSpace) Unwrap() error { return ErrUnavailable }

// ErrSize: the reader given to Put ended before, or went on after, the size the caller declared. Nothing was stored.
var ErrSize = errors.New("storage: content does not have the declared size")

// OpError says which operation on which object failed, and why. Kind is one of the sentinels, or nil where none fits; Err is
// the cause, or nil where it would show a secret (a server may echo credentials in its answer to a bad signature).
type OpError struct {
	Op     string // "get", "put", ...
	URI    URI
	Kind   error  // sentinel
	Code   string // the S3 error code, where there was one
	Status int    // the HTTP status, where there was one
	Err    error
}

// Error reads "storage: put s3://b/k: access denied (SignatureDoesNotMatch, 403)".
func (e *OpError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "storage: %s %s: ", e.Op, e.URI)
	switch {
	case e.Kind != nil:
		b.WriteString(strings.TrimPrefix(e.Kind.Error(), "storage: "))
	case e.Err != nil:
		b.WriteString(e.Err.Error())
	default:
		b.WriteString("failed")
	}
	switch {
	case e.Code != "" && e.Status != 0:
		fmt.Fprintf(&b, " (%s, %d)", e.Code, e.Status)
	case e.Code != "":
		fmt.Fprintf(&b, " (%s)", e.Code)
	}
	if e.Kind != nil && e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	return b.String()
}

// Unwrap gives both the sentinel and the cause to errors.Is and errors.As.
func (e *OpError) Unwrap() []error {
	var errs []error
	if e.Kind != nil {
		errs = append(errs, e.Kind)
	}
	if e.Err != nil {
		errs = append(errs, e.Err)
	}
	return errs
}

// Retryable tells whether the same call may succeed later without anybody changing anything.
func (e *OpError) Retryable() bool { return errors.Is(e.Kind, ErrUnavailable) }
