package devstack

import (
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"time"

	"github.com/batchmill/batchmill/activities/protocol"
)

// Default ports, the ones Temporal's and MinIO's own tools use.
const (
	DefaultTemporalPort = 7233
	DefaultUIPort       = 8233
	DefaultS3Port       = 9000
)

// FreePort in a port field of [Config] asks for any free port.
const FreePort = -1

// Namespace is the Temporal namespace of the stack, Region its S3 region.
const (
	Namespace = "default"
	Region    = "us-east-1"
)

// loopback is where the stack listens unless told otherwise.
const loopback = "127.0.0.1"

// SearchAttributes are the Temporal search attributes that the stack registers, all of type Keyword.
func SearchAttributes() []string { return protocol.SearchAttributes() }

// Config says where a stack lives and listens. Only Dir is required.
type Config struct {
	// Dir is the data folder. It is created if absent. One stack at a time may run on it.
	Dir string
	// Host is the IP address to listen on; empty means 127.0.0.1. The servers have no TLS: other addresses are for
	// networks where everybody is trusted.
	Host string
	// TemporalPort, UIPort and S3Port: 0 means the default, FreePort any free one.
	TemporalPort, UIPort, S3Port int
	// StartTimeout bounds the start of each server; 0 means one minute.
	StartTimeout time.Duration
}

// validate fills defaults and makes Dir absolute.
func (c *Config) validate() error {
	if c.Dir == "" {
		return fmt.Errorf("devstack: no data folder given")
	}
	dir, err := filepath.Abs(c.Dir)
	if err != nil {
		return fmt.Errorf("devstack: data folder %q: %w", c.Dir, err)
	}
	c.Dir = dir
	if c.Host == "" {
		c.Host = loopback
	}
	if net.ParseIP(c.Host) == nil {
		return fmt.Errorf("devstack: host %q is not an IP address", c.Host)
	}
	if c.StartTimeout == 0 {
		c.StartTimeout = time.Minute
	}
	return nil
}

// port is one port to be settled: the wish, the flag that sets it, and who listens there.
type port struct {
	want     *int
	fallback int
	flag     string
	service  string
}

func (c *Config) ports() []port {
	return []port{
		{&c.TemporalPort, DefaultTemporalPort, "--temporal-port", "Temporal"},
		{&c.UIPort, DefaultUIPort, "--ui-port", "Temporal Web UI"},
		{&c.S3Port, DefaultS3Port, "--s3-port", "S3"},
	}
}

// settlePorts replaces defaults and FreePort by numbers and fails with a *PortInUseError if one is taken. All ports are
// held until the last is settled, so that no two are equal.
func (c *Config) settlePorts() error {
	var held []net.Listener
	defer func() {
		for _, l := range held {
			_ = l.Close()
		}
	}()
	for _, p := range c.ports() {
		switch *p.want {
		case 0:
			*p.want = p.fallback
		case FreePort:
			*p.want = 0
		}
		l, err := net.Listen("tcp", hostPort(c.Host, *p.want))
		if err != nil {
			return listenError(err, c.Host, *p.want, p.service, p.flag)
		}
		held = append(held, l)
		*p.want = l.Addr().(*net.TCPAddr).Port
	}
	return nil
}

// connectHost is the address by which a server that listens on host is reached from this machine.
func connectHost(host string) string {
	ip := net.ParseIP(host)
	switch {
	case ip == nil || !ip.IsUnspecified():
		return host
	case ip.To4() != nil:
		return loopback
	default:
		return "::1"
	}
}

func hostPort(host string, port int) string { return net.JoinHostPort(host, strconv.Itoa(port)) }
