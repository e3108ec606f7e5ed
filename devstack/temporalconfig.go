//go:build !slim

package devstack

import (
	"fmt"
	"net"
	"path/filepath"
	"time"

	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	sqliteplugin "go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
)

const (
	storeName   = sqliteplugin.PluginName
	clusterName = "active"
)

// temporalConfig describes a server whose four services share one process and one SQLite file. Only the frontend
// listens on the given address; the inner services get free ports of the loopback interface.
func temporalConfig(set temporalSettings) (*config.Config, error) {
	inner, err := freePorts(3)
	if err != nil {
		return nil, err
	}
	frontend := config.RPC{GRPCPort: set.Port, BindOnIP: set.Host}
	service := func(port int) config.Service {
		return config.Service{RPC: config.RPC{GRPCPort: port, BindOnLocalHost: true}}
	}
	address := hostPort(connectHost(set.Host), set.Port)
	cfg := &config.Config{
		Persistence: config.Persistence{
			DefaultStore:     storeName,
			VisibilityStore:  storeName,
			NumHistoryShards: 1,
			DataStores: map[string]config.DataStore{storeName: {SQL: &config.SQL{
				PluginName:   sqliteplugin.PluginName,
				DatabaseName: filepath.Join(set.Dir, "temporal.db"),
				// One connection: more of them halve the throughput. WAL with synchronous=1 keeps every commit through a kill.
				MaxConns:          1,
				ConnectAttributes: map[string]string{"mode": "rwc", "journal_mode": "wal", "synchronous": "1"},
			}}},
		},
		ClusterMetadata: &cluster.Config{
			FailoverVersionIncrement: 10,
			MasterClusterName:        clusterName,
			CurrentClusterName:       clusterName,
			ClusterInformation: map[string]cluster.ClusterInformation{
				clusterName: {Enabled: true, InitialFailoverVersion: 1, RPCAddress: address},
			},
		},
		DCRedirectionPolicy: config.DCRedirectionPolicy{Policy: "noop"},
		Services: map[string]config.Service{
			"frontend": {RPC: frontend},
			"history":  service(inner[0]),
			"matching": service(inner[1]),
			"worker":   service(inner[2]),
		},
		Archival: config.Archival{
			History:    config.HistoryArchival{State: config.ArchivalDisabled},
			Visibility: config.VisibilityArchival{State: config.ArchivalDisabled},
		},
		NamespaceDefaults: config.NamespaceDefaults{Archival: config.ArchivalNamespaceDefaults{
			History:    config.HistoryArchivalNamespaceDefaults{State: config.ArchivalDisabled},
			Visibility: config.VisibilityArchivalNamespaceDefaults{State: config.ArchivalDisabled},
		}},
		PublicClient: config.PublicClient{HostPort: address},
	}
	cfg.Global.Membership = config.Membership{MaxJoinDuration: 30 * time.Second, BroadcastAddress: loopback}
	return cfg, nil
}

// dynamicConfig sets what the defaults, made for clusters, cost a server with one shard.
func dynamicConfig() dynamicconfig.StaticClient {
	return dynamicconfig.StaticClient{
		// The default of 20 makes every step of a workflow wait about 100 ms.
		dynamicconfig.TransferProcessorMaxPollRPS.Key(): 1000,
		// The default of 1 s is a floor under every timer, retry and heartbeat timeout.
		dynamicconfig.TimerProcessorMaxTimeShift.Key(): 50 * time.Millisecond,
		// Waiting for a workflow's result sometimes stalls for this long; the default is 20 s.
		dynamicconfig.HistoryLongPollExpirationInterval.Key(): 2 * time.Second,
		// A job with a thousand ranges of shards out does not keep one with three waiting.
		dynamicconfig.MatchingEnableFairness.Key(): true,
		// Each partition is fair by itself, so there is one. What an earlier server wrote to others is still read.
		dynamicconfig.MatchingNumTaskqueueWritePartitions.Key(): 1,
		// Workflows in memory, those that have ended too for an hour: some 50 kB each. The default is 128,000.
		dynamicconfig.HistoryCacheHostLevelMaxSize.Key(): 1000,
		// Nothing here calls the outside.
		dynamicconfig.EnableServerVersionCheck.Key(): false,
	}
}

// freePorts returns n different free ports of the loopback interface.
func freePorts(n int) ([]int, error) {
	ports := make([]int, n)
	for i := range ports {
		l, err := net.Listen("tcp", hostPort(loopback, 0))
		if err != nil {
			return nil, fmt.Errorf("no free port: %w", err)
		}
		defer l.Close()
		ports[i] = l.Addr().(*net.TCPAddr).Port
	}
	return ports, nil
}
