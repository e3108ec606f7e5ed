//go:build !slim

package devstack

import (
	"bytes"
	"io"

	"github.com/gofiber/fiber/v3"
	"github.com/versity/versitygw/s3api/utils"
	"github.com/versity/versitygw/s3err"
)

const (
	streamingSigned        = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
	streamingSignedTrailer = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
	// maxEmptyFrame bounds the framing of an upload that holds no data: one chunk header and one trailer; in bytes.
	maxEmptyFrame = 4 << 10
	// signatureTail is what follows the first trailer line of a signed upload:
	// "\r\nx-amz-trailer-signature:" + 64 hex digits + "\r\n\r\n".
	signatureTail = 2 + 24 + 64 + 4
)

// guardBody is a middleware that mends what versitygw v1.8.0 does with request bodies (its pull request #2415 does the
// same; drop this once a tagged release has it, and keep the tests):
//
//   - a client that goes away in the middle of an unsigned PUT would leave a cut-off object in place of a good one;
//   - the framing of an empty signed PUT would stay in the connection and be taken for the next request;
//   - minio-go ends the checksum line of a signed trailer with "\n\r\n", which the checksum is then compared with.
func guardBody(c fiber.Ctx) error {
	size := int64(c.Request().Header.ContentLength()) // -1: Transfer-Encoding chunked
	stream := c.Request().BodyStream()
	if c.Method() != fiber.MethodPut || stream == nil || size == 0 {
		return c.Next()
	}
	var body io.Reader = &wholeBody{r: stream, left: size}
	chunked := &toEnd{r: stream}
	isChunked := size < 0
	if isChunked {
		body = chunked
	}
	encoding := c.Get("X-Amz-Content-Sha256")
	if isStreaming(encoding) && c.Get("X-Amz-Decoded-Content-Length") == "0" {
		body, size = readFrame(body)
	}
	if encoding == streamingSignedTrailer && size > 0 {
		body = &trailerFix{r: body, left: size}
	}
	utils.ContextKeyBodyReader.Set(c, body)
	err := c.Next()
	if isChunked && !chunked.drain() {
		c.Response().Header.SetConnectionClose() // what is left would be taken for the next request
	}
	return err
}

// readFrame reads the framing of an upload without data before the server does, which would not read all of it. It
// returns the framing and its length.
func readFrame(body io.Reader) (io.Reader, int64) {
	frame, err := io.ReadAll(io.LimitReader(body, maxEmptyFrame))
	if err != nil || len(frame) == maxEmptyFrame {
		return incomplete{}, 0
	}
	return bytes.NewReader(frame), int64(len(frame))
}

func isStreaming(encoding string) bool {
	return encoding == streamingSigned || encoding == streamingSignedTrailer || utils.IsUnsignedStreamingPayload(encoding)
}

// incomplete is a body that cannot be read. The server takes io.ErrUnexpectedEOF for a normal end, so that will not do.
type incomplete struct{}

func (incomplete) Read([]byte) (int, error) { return 0, s3err.GetAPIError(s3err.ErrIncompleteBody) }

// toEnd reads a body of chunked transfer encoding. The reader below it must not be asked again once it has said io.EOF: it
// would wait for another chunk.
type toEnd struct {
	r    io.Reader
	used bool
	err  error
}

func (e *toEnd) Read(p []byte) (n int, err error) {
	e.used = true
	if e.err != nil {
		return 0, e.err
	}
	if n, e.err = e.r.Read(p); e.err != nil && e.err != io.EOF {
		e.err = s3err.GetAPIError(s3err.ErrIncompleteBody)
	}
	return n, e.err
}

// drain reads what the server has left of the body, if it is little, and tells whether the body is at its end. A body
// that was never read here may have been read elsewhere, so it is left alone.
func (e *toEnd) drain() bool {
	if e.used && e.err == nil {
		_, _ = io.CopyN(io.Discard, e, maxEmptyFrame)
	}
	return e.err == io.EOF
}

// wholeBody fails where the body ends before the declared number of bytes has come.
type wholeBody struct {
	r    io.Reader
	left int64
}

func (b *wholeBody) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	b.left -= int64(n)
	if err != nil && b.left > 0 {
		return n, s3err.GetAPIError(s3err.ErrIncompleteBody)
	}
	return n, err
}

// trailerFix drops the "\n" that stands before the last "\r\n" of the checksum line, if there is one.
type trailerFix struct {
	r    io.Reader
	left int64
}

func (t *trailerFix) Read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	at := t.left - signatureTail - 1 // offset in p of the byte that may be the stray "\n"
	t.left -= int64(n)
	if at < 0 || at >= int64(n) || p[at] != '\n' {
		return n, err
	}
	copy(p[at:], p[at+1:n])
	if n == 1 && err == nil {
		return t.Read(p)
	}
	return n - 1, err
}
