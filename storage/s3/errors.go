package s3

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"

	"github.com/batchmill/batchmill/storage"
	"github.com/minio/minio-go/v7"
)

// describe turns whatever a request ended with into an OpError. Its Kind is ErrUnavailable exactly when another attempt may
// succeed. ctx is the caller's: an attempt's own time limit is a reason to try again, the caller's is not.
func describe(ctx context.Context, op string, uri storage.URI, err error) *storage.OpError {
	var done *storage.OpError
	if errors.As(err, &done) {
		return done
	}
	e := &storage.OpError{Op: op, URI: uri}
	if cause := ctx.Err(); cause != nil {
		e.Err = cause
		return e
	}
	var answer minio.ErrorResponse
	if errors.As(err, &answer) && (answer.Code != "" || answer.StatusCode != 0) {
		e.Code, e.Status = answer.Code, answer.StatusCode
		e.Kind = kindOf(answer)
		if e.Kind == nil || e.Retryable() {
			e.Err = errors.New(answer.Error())
		}
		return e
	}
	e.Err = err
	var trip *url.Error // whatever came out of an HTTP round trip
	if errors.As(err, &trip) {
		e.Err = trip.Err // without the URL, which names an upload
	}
	if lostConnection(err) || trip != nil && trip.Op != "parse" && !misconfigured(err) {
		e.Kind = storage.ErrUnavailable
	}
	return e
}

// kindOf maps an S3 answer to a sentinel, or nil: by its code first, because servers disagree on the status.
func kindOf(answer minio.ErrorResponse) error {
	switch answer.Code {
	case minio.NoSuchKey:
		return storage.ErrNotFound
	case minio.NoSuchBucket:
		return storage.ErrNoBucket
	case minio.PreconditionFailed:
		return storage.ErrPrecondition
	case "InvalidRange":
		return storage.ErrRange
	case minio.AccessDenied, "SignatureDoesNotMatch", "InvalidAccessKeyId", "InvalidToken", "ExpiredToken", "TokenRefreshRequired",
		"AuthorizationHeaderMalformed", "RequestTimeTooSkewed", "AllAccessDisabled", "AccountProblem",
		"XAdminUserNotFound": // versitygw v1.8.0's word, with a 404, for an unknown access key
		return storage.ErrAccessDenied
	case "InsufficientStorage", "XMinioStorageFull", "QuotaExceeded", "XMinioAdminBucketQuotaExceeded":
		return storage.ErrFull
	case "SlowDown", "SlowDownRead", "SlowDownWrite", "RequestTimeout", "Throttling", "InternalError", "ServiceUnavailable",
		"OperationAborted", "ConditionalRequestConflict", // another writer's request is under way: its outcome decides ours
		"BadDigest", "XAmzContentChecksumMismatch", "IncompleteBody": // damaged on the way
		return storage.ErrUnavailable
	}
	switch answer.StatusCode {
	case http.StatusPreconditionFailed, http.StatusNotModified:
		return storage.ErrPrecondition
	case http.StatusRequestedRangeNotSatisfiable:
		return storage.ErrRange
	case http.StatusInsufficientStorage:
		return storage.ErrFull
	case http.StatusUnauthorized, http.StatusForbidden:
		return storage.ErrAccessDenied
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway,
		http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return storage.ErrUnavailable
	}
	return nil
}

// lostConnection tells whether a body broke off, or an attempt's own time limit (the caller's is dealt with before) ran out.
func lostConnection(err error) bool {
	var network net.Error
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) ||
		errors.As(err, &network) && !misconfigured(err)
}

// misconfigured tells whether every attempt would meet the same TLS failure.
func misconfigured(err error) bool {
	var (
		authority x509.UnknownAuthorityError
		hostname  x509.HostnameError
		invalid   x509.CertificateInvalidError
		record    tls.RecordHeaderError
	)
	return errors.As(err, &authority) || errors.As(err, &hostname) || errors.As(err, &invalid) || errors.As(err, &record) ||
		errors.Is(err, http.ErrSchemeMismatch)
}
