package s3_test

import (
	"net"
	"sync/atomic"
	"testing"

	"github.com/batchmill/batchmill/storage"
	"github.com/batchmill/batchmill/storage/s3"
	"github.com/stretchr/testify/require"
)

// proxy forwards TCP to a server and cuts connections: each one after so many bytes in either direction.
type proxy struct {
	listener net.Listener
	to       string
	up, down atomic.Int64 // bytes a connection may carry to and from the server before it is cut; 0 is no limit
	cuts     atomic.Int64 // connections cut so far
	budget   atomic.Int64 // connections still to cut
}

func newProxy(t *testing.T, to string) *proxy {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	p := &proxy{listener: l, to: to}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go p.forward(c)
		}
	}()
	return p
}

func (p *proxy) forward(client net.Conn) {
	server, err := net.Dial("tcp", p.to)
	if err != nil {
		client.Close()
		return
	}
	cut := func() { client.(*net.TCPConn).SetLinger(0); client.Close(); server.Close() }
	pipe := func(dst, src net.Conn, limit *atomic.Int64) {
		defer cut()
		buf := make([]byte, 16<<10)
		for total := int64(0); ; {
			n, err := src.Read(buf)
			if total += int64(n); limit.Load() > 0 && total > limit.Load() && p.budget.Add(-1) >= 0 {
				p.cuts.Add(1)
				return
			}
			if _, writeErr := dst.Write(buf[:n]); err != nil || writeErr != nil {
				return
			}
		}
	}
	go pipe(server, client, &p.up)
	pipe(client, server, &p.down)
}

// through opens a store whose connections go through a proxy.
func through(t *testing.T, cfg s3.Config) (storage.Store, *proxy, string) {
	p := newProxy(t, sharedServer(t).addr)
	cfg.Endpoint = "http://" + p.listener.Addr().String()
	store, bucket := open(t, cfg)
	return store, p, bucket
}
