# Samovar. `make` lists what there is to do.

SWIFT ?= swift
PREFIX ?= /usr/local
BIN = .build/release
PROGRAMS = samovar samovar-ingress samovar-worker
SOURCES = Package.swift Sources Tests migrations Benchmarks/Engine

.DEFAULT_GOAL := help
.PHONY: help build run test bench lint format install clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## Build the three programs (release) into .build/release
	@deploy/system-packages build
	$(SWIFT) build -c release --product samovar-ingress
	$(SWIFT) build -c release --product samovar-worker
	$(SWIFT) build -c release --product samovar

run: build ## Set up ./.samovar, start everything, show a first delivery; Ctrl-C stops
	@$(BIN)/samovar init --dir .samovar --unless-present
	@exec $(BIN)/samovar --config .samovar/samovar.yaml up --welcome

test: ## Build (debug) and run all tests
	@deploy/system-packages test
	$(SWIFT) build --build-tests --explicit-target-dependency-import-check error
	@SWIFT="$(SWIFT)" Tests/run

bench: build ## Measure this machine and Samovar on it; prints tables
	@deploy/system-packages bench
	$(SWIFT) build -c release --product EngineBenchmark
	Benchmarks/run

lint: ## Check the formatting
	$(SWIFT) format lint --strict --parallel --recursive $(SOURCES)

format: ## Format the sources
	$(SWIFT) format --in-place --parallel --recursive $(SOURCES)

install: build ## Install the programs into $(PREFIX)/bin
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(addprefix $(BIN)/,$(PROGRAMS)) $(DESTDIR)$(PREFIX)/bin

clean: ## Remove what was built (never ./.samovar)
	$(SWIFT) package clean
