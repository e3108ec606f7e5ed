//go:build !slim

package devstack

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	uiserver "github.com/temporalio/ui-server/v2/server"
	uiconfig "github.com/temporalio/ui-server/v2/server/config"
	"github.com/temporalio/ui-server/v2/server/server_options"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/common/primitives/timestamp"
	"go.temporal.io/server/schema/sqlite"
	"go.temporal.io/server/temporal"

	"log/slog"
)

// embedded tells whether the servers are in this binary.
const embedded = true

// retentionDays is how long a finished workflow stays visible in Temporal: longer than a month between two runs of a schedule.
const retentionDays = 40

// runTemporal serves Temporal and its Web UI until ctx ends.
func runTemporal(ctx context.Context, set temporalSettings, ready func()) error {
	// Two servers on one database would steal each other's shard without an error.
	lock, err := lockFile(temporalLock(set.Dir), 10*time.Second)
	if err != nil {
		return err
	}
	defer lock.unlock()
	// Both servers end the process when they cannot listen; finding out first gives an error that names the port.
	for _, p := range []struct {
		port    int
		service string
	}{{set.Port, "Temporal"}, {set.UIPort, "Temporal Web UI"}} {
		if err := portFree(set.Host, p.port, p.service); err != nil {
			return err
		}
	}
	server, err := newTemporalServer(set)
	if err != nil {
		return err
	}
	if err := server.Start(); err != nil {
		return fmt.Errorf("start: %w", err)
	}
	defer server.Stop()
	ui := newUI(set)
	go func() { _ = ui.Start() }()
	defer ui.Stop()
	if err := awaitTemporal(ctx, set); err != nil {
		return err
	}
	ready()
	<-ctx.Done()
	return nil
}

func portFree(host string, port int, service string) error {
	l, err := net.Listen("tcp", hostPort(host, port))
	if err != nil {
		return listenError(err, host, port, service, "")
	}
	return l.Close()
}

func newTemporalServer(set temporalSettings) (temporal.Server, error) {
	cfg, err := temporalConfig(set)
	if err != nil {
		return nil, err
	}
	if err := prepareDatabase(cfg, set); err != nil {
		return nil, err
	}
	logger := log.NewZapLogger(log.BuildZapLogger(log.Config{Level: "warn"}))
	claims, err := authorization.GetClaimMapperFromConfig(&cfg.Global.Authorization, logger)
	if err != nil {
		return nil, err
	}
	return temporal.NewServer(
		temporal.WithConfig(cfg),
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithStaticHosts(staticHosts(cfg)),
		temporal.WithLogger(logger),
		temporal.WithAuthorizer(authorization.NewNoopAuthorizer()),
		temporal.WithClaimMapper(func(*config.Config) authorization.ClaimMapper { return claims }),
		temporal.WithDynamicConfigClient(dynamicConfig()),
	)
}

// staticHosts does without a membership protocol: each service is alone.
func staticHosts(cfg *config.Config) map[primitives.ServiceName]static.Hosts {
	hosts := map[primitives.ServiceName]static.Hosts{}
	for name, svc := range cfg.Services {
		hosts[primitives.ServiceName(name)] = static.SingleLocalHost(hostPort(loopback, svc.RPC.GRPCPort))
	}
	return hosts
}

// prepareDatabase makes the schema and the namespace where they are not there yet. The schema goes into a temporary file
// first: a half-made database after a kill would never be mended.
func prepareDatabase(cfg *config.Config, set temporalSettings) error {
	sql := *cfg.Persistence.DataStores[storeName].SQL
	path := sql.DatabaseName
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if err := makeSchema(sql); err != nil {
			return fmt.Errorf("database schema: %w", err)
		}
	}
	attributes := map[string]enumspb.IndexedValueType{}
	for _, name := range set.SearchAttributes {
		attributes[name] = enumspb.INDEXED_VALUE_TYPE_KEYWORD
	}
	ns, err := sqlite.NewNamespaceConfig(clusterName, set.Namespace, false, attributes)
	if err != nil {
		return fmt.Errorf("namespace: %w", err)
	}
	ns.Detail.Config.Retention = timestamp.DurationFromDays(retentionDays)
	if err := sqlite.CreateNamespaces(&sql, ns); err != nil {
		return fmt.Errorf("namespace: %w", err)
	}
	return nil
}

func makeSchema(sql config.SQL) error {
	path := sql.DatabaseName
	sql.DatabaseName = filepath.Join(filepath.Dir(path), "new.db")
	for _, suffix := range []string{"", "-journal"} {
		if err := os.Remove(sql.DatabaseName + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	// No write-ahead log: it would stay behind under the old name.
	sql.ConnectAttributes = map[string]string{"mode": "rwc", "journal_mode": "delete"}
	if err := sqlite.SetupSchema(&sql); err != nil {
		return err
	}
	return os.Rename(sql.DatabaseName, path)
}

func newUI(set temporalSettings) *uiserver.Server {
	return uiserver.NewServer(server_options.WithConfigProvider(&uiconfig.Config{
		TemporalGRPCAddress: hostPort(connectHost(set.Host), set.Port),
		Host:                set.Host,
		Port:                set.UIPort,
		EnableUI:            true,
		DefaultNamespace:    set.Namespace,
		DisableNewsFetch:    true, // nothing here calls the outside
		HideLogs:            true,
		CORS:                uiconfig.CORS{CookieInsecure: true}, // the UI is served over http
	}))
}

// awaitTemporal returns when the frontend knows the namespace and its search attributes and the UI serves pages.
func awaitTemporal(ctx context.Context, set temporalSettings) error {
	c, err := client.NewLazyClient(client.Options{
		HostPort:  hostPort(connectHost(set.Host), set.Port),
		Namespace: set.Namespace,
		Logger:    sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	})
	if err != nil {
		return err
	}
	defer c.Close()
	steps := []func(context.Context) error{
		func(ctx context.Context) error {
			_, err := c.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: set.Namespace})
			return err
		},
		func(ctx context.Context) error { return addSearchAttributes(ctx, c, set) },
		func(ctx context.Context) error { return getOK("http://" + hostPort(connectHost(set.Host), set.UIPort)) },
	}
	for _, step := range steps {
		if err := retry(ctx, step); err != nil {
			return err
		}
	}
	return nil
}

// addSearchAttributes registers what a database made by an earlier version of Batchmill lacks.
func addSearchAttributes(ctx context.Context, c client.Client, set temporalSettings) error {
	have, err := c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: set.Namespace})
	if err != nil {
		return err
	}
	missing := map[string]enumspb.IndexedValueType{}
	for _, name := range set.SearchAttributes {
		if _, ok := have.CustomAttributes[name]; !ok {
			missing[name] = enumspb.INDEXED_VALUE_TYPE_KEYWORD
		}
	}
	if len(missing) == 0 {
		return nil
	}
	_, err = c.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{
		Namespace: set.Namespace, SearchAttributes: missing})
	return err
}

func getOK(url string) error {
	resp, err := http.Get(url)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", url, resp.Status)
	}
	return nil
}

// retry calls step until it succeeds, for 30 s at most.
func retry(ctx context.Context, step func(context.Context) error) error {
	deadline := time.Now().Add(30 * time.Second)
	for {
		attempt, cancel := context.WithTimeout(ctx, 5*time.Second)
		err := step(attempt)
		cancel()
		if err == nil || ctx.Err() != nil || time.Now().After(deadline) {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
}
