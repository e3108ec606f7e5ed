package s3

import (
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/batchmill/batchmill/storage"
	"github.com/minio/minio-go/v7"
)

const (
	dialTimeout         = 10 * time.Second
	metadataDialTimeout = 2 * time.Second // a machine without a metadata service must not delay the first error
)

// Store is the driver. It is safe for concurrent use.
type Store struct {
	cfg  Config
	core *minio.Core

	buffers sync.Pool // *[]byte of PartSize
	known   sync.Map  // names of buckets that were seen to exist
}

var _ storage.Store = (*Store)(nil)

// Open makes a store. It sends no request: wrong credentials and a wrong address show with the first operation.
func Open(cfg Config) (storage.Store, error) {
	s, err := open(cfg)
	if err != nil {
		return nil, err
	}
	return s, nil
}

func open(cfg Config) (*Store, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	host, secure, err := cfg.address()
	if err != nil {
		return nil, err
	}
	if cfg.Transport == nil {
		cfg.Transport = newTransport(dialTimeout)
	}
	core, err := minio.NewCore(host, cfg.options(secure))
	if err != nil {
		return nil, fmt.Errorf("s3: %w", err)
	}
	return &Store{cfg: cfg, core: core}, nil
}

// newTransport is tuned for large bodies to few hosts: many idle connections per host, so that parallel readers do not redial,
// and buffers that cut the number of system calls. Compression stays off, or Content-Encoding: gzip objects would come unzipped.
func newTransport(dial time.Duration) *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: dial, KeepAlive: 30 * time.Second}).DialContext,
		MaxIdleConns:          256,
		MaxIdleConnsPerHost:   64,
		IdleConnTimeout:       time.Minute,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: 2 * time.Minute, // a multipart completion may copy all of the object
		WriteBufferSize:       256 << 10,
		ReadBufferSize:        256 << 10,
		DisableCompression:    true,
	}
}
