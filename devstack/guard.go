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
	// maxEmptyFrame bounds the framing of an upload that holds no data: one chunk header and one trailer.
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
	if c.Method() != fiber.MethodPut {
		return c.Next()
	}
	size := int64(c.Request().Header.ContentLength())
	stream := c.Request().BodyStream()
	if stream == nil || size <= 0 {
		return c.Next()
	}
	var body io.Reader = &wholeBody{r: stream, left: size}
	encoding := c.Get("X-Amz-Content-Sha256")
	if encoding == streamingSignedTrailer {
		body = &trailerFix{r: body, left: size}
	}
	if isStreaming(encoding) && c.Get("X-Amz-Decoded-Content-Length") == "0" && size <= maxEmptyFrame {
		frame, err := io.ReadAll(body)
		body = bytes.NewReader(frame)
		if err != nil {
			body = failing{err}
		}
	}
	utils.ContextKeyBodyReader.Set(c, body)
	return c.Next()
}

func isStreaming(encoding string) bool {
	return encoding == streamingSigned || encoding == streamingSignedTrailer || utils.IsUnsignedStreamingPayload(encoding)
}

// failing is a body that cannot be read.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

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
