# Batchmill. `make` or `make help` lists the targets.
.DEFAULT_GOAL := help
GO ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
BENCH ?=
SOAK_TIME ?= 10m
SHARDS ?= 100000
SEED ?= 1

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## build ./batchmill, with the embedded Temporal and S3 servers
	$(GO) build -trimpath -o batchmill ./cmd/batchmill

.PHONY: slim
slim: ## build ./batchmill for production: worker and client only, no embedded servers
	CGO_ENABLED=0 $(GO) build -trimpath -tags slim -ldflags '-s -w' -o batchmill ./cmd/batchmill

.PHONY: test
test: ## run all tests
	$(GO) test ./...

.PHONY: lint
lint: ## gofmt, go vet, staticcheck, workflowcheck, import directions
	bash .ci/lint

.PHONY: fmt
fmt: ## format the code
	gofmt -w .

.PHONY: quickstart
quickstart: ## split, train and transform real data on the embedded stack
	$(GO) run ./cmd/batchmill quickstart

.PHONY: bench
bench: ## measure a batch transform end to end (BENCH="-rows 1000000 -objects 1000": tiny objects; "-peers all": beside rivals)
	$(GO) run ./bench/transform $(BENCH)

.PHONY: bench-orchestration
bench-orchestration: ## measure how soon a tuning job's next training job starts, on the stack that the environment names
	$(GO) run ./bench/orchestration $(BENCH)

.PHONY: bench-gbt
bench-gbt: ## compare training with XGBoost and LightGBM (after `make peers`; BENCH="-work adult -seeds 1": a look, "-work all": all tables)
	@$(GO) run ./bench/gbt $(BENCH)

.PHONY: bench-realtuning
bench-realtuning: ## tune xgboost on real tables beside Optuna with XGBoost (after `sh bench/peers/setup.sh tuning`; BENCH="-work adult -seeds 1 -limit 3m": a piece)
	@$(GO) run ./bench/realtuning $(BENCH)

.PHONY: bench-quality
bench-quality: ## compare ways of adding up derivatives by their quality on rows held back, on every table (BENCH=-short: a look)
	@$(GO) test ./algorithms/xgboost -run '^$$' -bench '^BenchmarkQuality$$' -benchtime 1x -timeout 0 $(BENCH)

.PHONY: soak
soak: ## repeat the tests for SOAK_TIME (default 10m), with the race detector, in random order
	@end=$$(( $$(date +%s) + $$(echo $(SOAK_TIME) | sed 's/h/*3600/; s/m/*60/; s/s//') )); \
	while [ $$(date +%s) -lt $$end ]; do $(GO) test -race -count=1 -shuffle=on ./... || exit 1; done

.PHONY: soak-shards
soak-shards: ## a job of SHARDS shards (default 100,000), in memory and on real servers: time, memory, lengths of histories
	$(GO) test ./activities/sharding ./internal/e2e -p 1 -run '^TestManyShards$$' -count 1 -v -timeout 0 -shards $(SHARDS)

.PHONY: soak-stop
soak-stop: ## stop a job of SHARDS shards (default 100,000) soon and late, and tell how long that takes
	$(GO) test ./internal/e2e -run '^TestStopOfManyShards$$' -count 1 -v -timeout 0 -shards $(SHARDS)

.PHONY: soak-transform
soak-transform: ## transforms for SOAK_TIME while workers are killed, Temporal restarts and the store fails; every row is checked (SEED=2: other kills)
	$(GO) test ./internal/e2e -run '^TestSoakTransform$$' -count 1 -v -timeout 0 -for $(SOAK_TIME) -seed $(SEED)

.PHONY: peers-transform
peers-transform: ## install what transforms are compared with: Ray, PySpark, DuckDB, Polars, pandas (into bench/peers/.venv-transform) and MinIO
	sh bench/peers/setup.sh transform && sh bench/peers/minio.sh

.PHONY: peers
peers: ## install what tests and benchmarks compare with (Python, into bench/peers/.venv)
	sh bench/peers/setup.sh

.PHONY: docker
docker: ## build the image batchmill:$(VERSION)
	docker build -t batchmill:$(VERSION) --build-arg VERSION=$(VERSION) .

.PHONY: clean
clean: ## remove build outputs; the data of `batchmill dev` stays
	rm -rf batchmill bin
	find . -name '*.test' -o -name '*.prof' | xargs -r rm -f
