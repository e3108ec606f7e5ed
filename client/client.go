// Package client starts jobs, follows them and asks about them, from Go programs and from Batchmill's own command line.
//
//	c, err := client.Dial(ctx, client.Options{})
//	job, err := c.Start(ctx, jobs.TransformKind, document)
//	description, err := job.Wait(ctx, nil)
package client

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	"go.temporal.io/sdk/log"

	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/storage"
	"github.com/batchmill/batchmill/storage/s3"
)

// Options say where Temporal and the store are. The zero value takes everything from the environment: TEMPORAL_ADDRESS,
// TEMPORAL_NAMESPACE, TEMPORAL_TLS_*, TEMPORAL_API_KEY (or a profile of Temporal's configuration file), AWS_* and
// BATCHMILL_STATE_URI.
type Options struct {
	Temporal  client.Client // taken over; Close closes it only if it was dialled here
	Namespace string
	Store     storage.Store
	State     string // s3:// prefix for models and finished jobs' descriptions; DefaultState if empty
	Region    string // in ARNs
	Account   string // in ARNs
	Log       *slog.Logger
	Getenv    func(string) string // os.Getenv if nil
}

// DefaultState is where models and descriptions are kept where nothing else is said.
const DefaultState = "s3://batchmill/"

// ErrTemporal says that the Temporal server cannot be reached.
var ErrTemporal = errors.New("client: cannot reach the Temporal server")

// Client is safe for concurrent use.
type Client struct {
	temporal  client.Client
	dialled   bool
	namespace string
	store     storage.Store
	state     storage.URI
	region    string
	account   string
}

// Dial connects to Temporal and the store.
func Dial(ctx context.Context, o Options) (*Client, error) {
	if o.Getenv == nil {
		o.Getenv = os.Getenv
	}
	if o.State == "" {
		o.State = orElse(o.Getenv("BATCHMILL_STATE_URI"), DefaultState)
	}
	state, err := storage.ParseURI(o.State)
	if err != nil {
		return nil, fmt.Errorf("client: BATCHMILL_STATE_URI: %w", err)
	}
	c := &Client{
		temporal: o.Temporal, namespace: o.Namespace, store: o.Store, state: state,
		region:  orElse(o.Region, orElse(o.Getenv("AWS_REGION"), jobs.DefaultRegion)),
		account: orElse(o.Account, orElse(o.Getenv("BATCHMILL_ACCOUNT_ID"), jobs.DefaultAccount)),
	}
	if c.store == nil {
		config, err := s3.ConfigFromEnv(o.Getenv)
		if err != nil {
			return nil, err
		}
		if c.store, err = s3.Open(config); err != nil {
			return nil, err
		}
	}
	if c.temporal == nil {
		if err := c.dial(ctx, o); err != nil {
			return nil, err
		}
	}
	if c.namespace == "" {
		c.namespace = client.DefaultNamespace
	}
	return c, nil
}

func (c *Client) dial(ctx context.Context, o Options) error {
	options, err := envconfig.LoadDefaultClientOptions()
	if err != nil {
		return fmt.Errorf("client: Temporal settings: %w", err)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	options.Logger = log.NewStructuredLogger(o.Log)
	if o.Namespace != "" {
		options.Namespace = o.Namespace
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if c.temporal, err = client.DialContext(ctx, options); err != nil {
		return fmt.Errorf("%w at %s: %w", ErrTemporal, orElse(options.HostPort, client.DefaultHostPort), err)
	}
	c.dialled, c.namespace = true, options.Namespace
	return nil
}

// Close ends the connections Dial made.
func (c *Client) Close() {
	if c.dialled {
		c.temporal.Close()
	}
}

// Temporal is the connection to the Temporal server, for what this package has no call for.
func (c *Client) Temporal() client.Client { return c.temporal }

// Namespace is the Temporal namespace jobs run in.
func (c *Client) Namespace() string { return c.namespace }

// Store is the object store jobs read and write.
func (c *Client) Store() storage.Store { return c.store }

// State is where models and finished jobs' descriptions are kept.
func (c *Client) State() storage.URI { return c.state }

// Region appears in ARNs.
func (c *Client) Region() string { return c.region }

// Account appears in ARNs.
func (c *Client) Account() string { return c.account }

func (c *Client) arn(kind jobs.Kind, name string) string {
	return jobs.ARN(kind.IDPrefix, c.region, c.account, name)
}

func orElse(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}
