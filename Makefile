# Samovar. `make` lists what there is to do.

SWIFT ?= swift
SWIFTFLAGS ?=
PREFIX ?= /usr/local
BIN = .build/release
PROGRAMS = samovar samovar-ingress samovar-worker
SOURCES = Package.swift Sources Tests migrations Benchmarks/Engine

.DEFAULT_GOAL := help
.PHONY: help build run test soak torture bench bench-peers lint format install uninstall clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## Build the three programs (release) into .build/release
	@deploy/system-packages build
	$(SWIFT) build -c release $(SWIFTFLAGS) --product samovar-ingress
	$(SWIFT) build -c release $(SWIFTFLAGS) --product samovar-worker
	$(SWIFT) build -c release $(SWIFTFLAGS) --product samovar

run: build ## Set up ./.samovar, start everything, show a first delivery; Ctrl-C stops
	@$(BIN)/samovar init --dir .samovar --unless-present
	@exec $(BIN)/samovar --config .samovar/samovar.yaml up --welcome

test: ## Build (debug) and run all tests
	@deploy/system-packages test
	@deploy/test-servers
	$(SWIFT) build --build-tests --explicit-target-dependency-import-check error
	@SWIFT="$(SWIFT)" Tests/run

soak: ## Fuzz, kill and break it for an hour or two; no part of `make test`
	@deploy/system-packages test
	$(SWIFT) build --build-tests --explicit-target-dependency-import-check error
	@SWIFT="$(SWIFT)" Tests/soak $(STEPS)

torture: build ## Cut its power, break its disks, deceive it; hours, ends in a table (docs/RELIABILITY.md)
	@deploy/system-packages test
	$(SWIFT) build --build-tests --explicit-target-dependency-import-check error
	@SWIFT="$(SWIFT)" Tests/torture $(STEPS)

bench: build ## Measure this machine and Samovar on it; prints tables
	@deploy/system-packages bench
	$(SWIFT) build -c release --product EngineBenchmark
	Benchmarks/run

bench-peers: build ## Measure Samovar beside other receivers; prints tables with ratios
	@deploy/system-packages bench-peers
	Benchmarks/peers $(PEERS)

lint: ## Check the formatting
	$(SWIFT) format lint --strict --parallel --recursive $(SOURCES)

format: ## Format the sources
	$(SWIFT) format --in-place --parallel --recursive $(SOURCES)

install: $(addprefix $(BIN)/,$(PROGRAMS)) ## Install programs, units and documents (PREFIX, DESTDIR)
	@BIN="$(BIN)" PREFIX="$(PREFIX)" DESTDIR="$(DESTDIR)" deploy/install

uninstall: ## Remove what `make install` put there, and nothing else
	@PREFIX="$(PREFIX)" DESTDIR="$(DESTDIR)" deploy/install --remove

# Only what is missing: after `make build`, `sudo make install` compiles nothing as root.
$(BIN)/samovar $(BIN)/samovar-ingress $(BIN)/samovar-worker:
	$(MAKE) build

clean: ## Remove what was built (never ./.samovar)
	$(SWIFT) package clean
