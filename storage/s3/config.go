// Package s3 is the storage driver for S3-compatible servers, over minio-go.
//
// minio-go signs, encodes and parses; what a job needs beyond that is here: one retry policy that outlives a server restart,
// reads that resume where a connection broke, puts that publish nothing when their reader fails, uploads with a bounded number
// of buffers, and composition by server-side copy. It knows nothing of what it stores, and no error it returns shows a
// credential.
package s3

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// Limits of the S3 protocol.
const (
	minPart  = 5 << 20 // bytes; every part but the last
	maxParts = 10_000
	maxCopy  = 5 << 30 // bytes; one UploadPartCopy
)

// Config says where the server is and how to talk to it. The zero value is AWS in us-east-1 with credentials from the shared
// file or the machine's role.
type Config struct {
	// Endpoint is the server's URL, "http://127.0.0.1:9000". Empty means AWS. A custom endpoint is addressed in path style.
	Endpoint string
	// Region is what requests are signed for. Empty means us-east-1.
	Region string

	// AccessKeyID and SecretAccessKey, with SessionToken where they are temporary. When empty, credentials come from the shared
	// credentials file and then from the machine's role (ECS, EKS, EC2).
	AccessKeyID, SecretAccessKey, SessionToken string
	// CredentialsFile and Profile select from the shared credentials file. Empty means ~/.aws/credentials and "default".
	CredentialsFile, Profile string

	// Checksums says how uploads carry their CRC32C.
	Checksums Checksums
	// PartSize is the size of upload parts and the most one buffer holds, in bytes. 0 means 16 MiB; at least 5 MiB.
	PartSize int64
	// Concurrency is how many parts of one Put or Compose travel at a time; a Put holds one buffer more. 0 means 2.
	Concurrency int

	// RetryFor is how long one request is retried while the server is unreachable or answers with an error of its own,
	// before ErrUnavailable. 0 means 60 s, negative means no retry.
	RetryFor time.Duration
	// RetryMin and RetryMax bound the wait between attempts, which doubles and is drawn at random from its upper half.
	// 0 means 100 ms and 5 s.
	RetryMin, RetryMax time.Duration
	// Stall is how long a body may yield no byte before the connection counts as lost. 0 means 60 s.
	Stall time.Duration

	// Transport replaces the HTTP transport (tests, proxies). Nil means one made for large objects.
	Transport http.RoundTripper
}

// Checksums says how an upload's CRC32C reaches the server, which refuses content that does not match.
type Checksums int

// The ways to send a checksum.
const (
	// ChecksumTrailer sends it behind the content, in a signed-chunk framing ("aws-chunked").
	ChecksumTrailer Checksums = iota
	// ChecksumHeader sends it in front, as a header. The content travels unframed, so servers that do not speak aws-chunked
	// take it.
	ChecksumHeader
	// ChecksumNone sends none, for servers that refuse unknown x-amz headers.
	ChecksumNone
)

// withDefaults fills zero fields and refuses contradictions.
func (c Config) withDefaults() (Config, error) {
	if (c.AccessKeyID == "") != (c.SecretAccessKey == "") {
		return c, errors.New("s3: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY must be set together")
	}
	setDefault(&c.Region, "us-east-1")
	setDefault(&c.PartSize, 16<<20)
	setDefault(&c.Concurrency, 2)
	setDefault(&c.RetryFor, time.Minute)
	setDefault(&c.RetryMin, 100*time.Millisecond)
	setDefault(&c.RetryMax, 5*time.Second)
	setDefault(&c.Stall, time.Minute)
	if c.PartSize < minPart {
		return c, fmt.Errorf("s3: part size %d is under S3's minimum of %d bytes", c.PartSize, minPart)
	}
	if c.Concurrency < 0 || c.RetryMin < 0 || c.RetryMax < c.RetryMin || c.Stall < 0 {
		return c, errors.New("s3: concurrency, stall and retry waits must be positive, with RetryMin at most RetryMax")
	}
	return c, nil
}

func setDefault[T comparable](p *T, value T) {
	var zero T
	if *p == zero {
		*p = value
	}
}

// ConfigFromEnv reads the variables every AWS tool reads: AWS_ENDPOINT_URL_S3 before AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID,
// AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION before AWS_DEFAULT_REGION, AWS_SHARED_CREDENTIALS_FILE and AWS_PROFILE.
// getenv is os.Getenv, or a map's in tests.
func ConfigFromEnv(getenv func(string) string) (Config, error) {
	first := func(names ...string) string {
		for _, name := range names {
			if v := getenv(name); v != "" {
				return v
			}
		}
		return ""
	}
	c := Config{
		Endpoint:        first("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"),
		Region:          first("AWS_REGION", "AWS_DEFAULT_REGION"),
		AccessKeyID:     getenv("AWS_ACCESS_KEY_ID"),
		SecretAccessKey: getenv("AWS_SECRET_ACCESS_KEY"),
		SessionToken:    getenv("AWS_SESSION_TOKEN"),
		CredentialsFile: getenv("AWS_SHARED_CREDENTIALS_FILE"),
		Profile:         getenv("AWS_PROFILE"),
	}
	if _, _, err := c.address(); err != nil {
		return Config{}, err
	}
	if _, err := c.withDefaults(); err != nil {
		return Config{}, err
	}
	return c, nil
}

// address splits the endpoint into what minio-go wants. Its errors do not repeat the endpoint, which may carry a password.
func (c Config) address() (host string, secure bool, err error) {
	if c.Endpoint == "" {
		return "s3.amazonaws.com", true, nil // minio-go makes it the region's
	}
	u, err := url.Parse(c.Endpoint)
	switch {
	case err != nil, u.Host == "", u.Scheme != "http" && u.Scheme != "https":
		return "", false, errors.New(`s3: the endpoint is not a URL like "http://127.0.0.1:9000"`)
	case u.User != nil:
		return "", false, errors.New("s3: the endpoint must not carry credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
	case strings.Trim(u.Path, "/") != "" || u.RawQuery != "":
		return "", false, errors.New("s3: the endpoint must not have a path or query")
	}
	return u.Host, u.Scheme == "https", nil
}

// credentials is the chain of places where keys may be: given, in the shared file, on the machine.
func (c Config) credentials() *credentials.Credentials {
	if c.AccessKeyID != "" {
		return credentials.NewStaticV4(c.AccessKeyID, c.SecretAccessKey, c.SessionToken)
	}
	return credentials.NewChainCredentials([]credentials.Provider{
		&credentials.FileAWSCredentials{Filename: c.CredentialsFile, Profile: c.Profile},
		&credentials.IAM{Region: c.Region, Client: &http.Client{Transport: newTransport(metadataDialTimeout)}},
	})
}

func (c Config) options(secure bool) *minio.Options {
	lookup := minio.BucketLookupAuto
	if c.Endpoint != "" {
		lookup = minio.BucketLookupPath
	}
	return &minio.Options{
		Creds: c.credentials(), Secure: secure, Region: c.Region, BucketLookup: lookup, Transport: c.Transport,
		TrailingHeaders: c.Checksums == ChecksumTrailer,
		MaxRetries:      1, // retries are ours: one policy
	}
}
