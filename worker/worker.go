// Package worker puts workflows and activities on Temporal workers, with their limits.
package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"github.com/batchmill/batchmill/activities"
	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/algorithms/xgboost"
	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/storage"
	"github.com/batchmill/batchmill/workflows"
)

// Options of a worker. Client, Store and State are needed; the rest may be zero.
type Options struct {
	Client    client.Client
	Namespace string // "default" if empty; for registering search attributes
	Store     storage.Store
	State     storage.URI // where models and finished jobs' descriptions are kept
	Region    string      // in ARNs; jobs.DefaultRegion if empty
	Account   string      // in ARNs; jobs.DefaultAccount if empty
	// Concurrency is how many shards or trainings run at once; 0 means one per core.
	Concurrency int
	// Threads is how many cores one training may use; 0 means all.
	Threads int
	// Memory is how many bytes the process may take; 0 means DefaultMemory. Shards in flight and models are sized by it, and the garbage
	// collector is told to keep to it. A training takes what its table takes, whatever this is.
	Memory int64
	// Registry is the algorithms that jobs may name; Algorithms() if nil.
	Registry *algorithms.Registry
	// Trials is a command that calls Trial with the same Store and Registry, for shards that workers have died of: their parts are then
	// worked in processes of their own until the record at fault is found. Without it workers themselves may die on the way there.
	Trials []string
	// StopTimeout is how long running activities may take to wind up at shutdown; 10 s if zero.
	StopTimeout time.Duration
	Log         *slog.Logger
	// Ready, if not nil, is called once the worker polls.
	Ready func()
}

func (o *Options) setDefaults() {
	if o.Namespace == "" {
		o.Namespace = client.DefaultNamespace
	}
	if o.Region == "" {
		o.Region = jobs.DefaultRegion
	}
	if o.Account == "" {
		o.Account = jobs.DefaultAccount
	}
	if o.Concurrency == 0 {
		o.Concurrency = runtime.GOMAXPROCS(0)
	}
	if o.Memory == 0 {
		o.Memory = DefaultMemory
	}
	if o.Registry == nil {
		o.Registry = Algorithms()
	}
	if o.StopTimeout == 0 {
		o.StopTimeout = 10 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
}

// Algorithms are those a worker can train and score with.
func Algorithms() *algorithms.Registry { return algorithms.NewRegistry(xgboost.New()) }

// Run works until ctx ends, then winds up. It first sees to what every job needs: the search attributes and the bucket for
// Batchmill's own records.
func Run(ctx context.Context, o Options) error {
	o.setDefaults()
	shared, restore := o.budget()
	defer restore()
	if err := EnsureSearchAttributes(ctx, o.Client, o.Namespace); err != nil {
		return err
	}
	if err := o.Store.EnsureBucket(ctx, o.State.Bucket); err != nil {
		return fmt.Errorf("worker: bucket %s for models and descriptions: %w", o.State.Bucket, err)
	}
	acts := activities.New(activities.Options{
		Store: o.Store, State: o.State, Registry: o.Registry, Threads: o.Threads, Budget: shared, Elsewhere: trialsBy(o.Trials),
	})
	light := worker.New(o.Client, protocol.Queue, worker.Options{
		MaxConcurrentActivityExecutionSize: 4 * o.Concurrency,
		MaxHeartbeatThrottleInterval:       time.Second,
		WorkerStopTimeout:                  o.StopTimeout,
	})
	flows := &workflows.Workflows{Region: o.Region, Account: o.Account}
	flows.Register(light)
	acts.RegisterLight(registrar{light})
	compute := worker.New(o.Client, protocol.ComputeQueue, worker.Options{
		MaxConcurrentActivityExecutionSize: o.Concurrency,
		MaxHeartbeatThrottleInterval:       time.Second,
		WorkerStopTimeout:                  o.StopTimeout,
		DisableWorkflowWorker:              true,
	})
	acts.RegisterCompute(registrar{compute})
	if err := light.Start(); err != nil {
		return fmt.Errorf("worker: %w", err)
	}
	defer light.Stop()
	if err := compute.Start(); err != nil {
		return fmt.Errorf("worker: %w", err)
	}
	defer compute.Stop()
	if o.Ready != nil {
		o.Ready()
	}
	<-ctx.Done()
	return nil
}

// registrar adapts a Temporal worker to what activities are put on.
type registrar struct{ w worker.Worker }

func (r registrar) Add(name string, f any) {
	r.w.RegisterActivityWithOptions(f, activity.RegisterOptions{Name: name})
}

// EnsureSearchAttributes registers the search attributes jobs are listed by, where they are missing.
func EnsureSearchAttributes(ctx context.Context, c client.Client, namespace string) error {
	names := protocol.SearchAttributes()
	have, err := c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: namespace})
	if err != nil {
		return fmt.Errorf("worker: list search attributes: %w", err)
	}
	missing := make(map[string]enumspb.IndexedValueType)
	for _, n := range names {
		if _, ok := have.GetCustomAttributes()[n]; !ok {
			missing[n] = enumspb.INDEXED_VALUE_TYPE_KEYWORD
		}
	}
	if len(missing) == 0 {
		return nil
	}
	_, err = c.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{
		Namespace: namespace, SearchAttributes: missing,
	})
	if err != nil {
		return errors.Join(
			errors.New("worker: Temporal lacks the search attributes jobs are listed by and does not let this client add them; run: temporal operator search-attribute create --type Keyword --name "+strings.Join(names, " --name ")), err)
	}
	return nil
}
