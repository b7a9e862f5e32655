SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
GO ?= go
FUZZTIME ?= 20s

.PHONY: help
help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: ## run the whole suite against the embedded reference server
	@$(GO) run ./cmd/fmaspec run

.PHONY: build
build: ## build bin/fmaspec
	$(GO) build -trimpath -o bin/fmaspec ./cmd/fmaspec

.PHONY: test
test: ## run every test, with the race detector and in random order
	@$(GO) test -race -shuffle=on ./...

.PHONY: check
check: ## what has to hold before a commit: format, vet, modules, build, test, run
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo 'check: not formatted; run gofmt -w on these files'; exit 1; }
	$(GO) vet ./...
	$(GO) mod tidy -diff
	$(GO) build ./...
	@$(MAKE) --no-print-directory test run

.PHONY: golden
golden: ## rewrite golden files and generated lists; look at the difference before you commit it
	$(GO) test ./conformance/... ./cmd/... ./docs/... -run 'Golden|Stale|Current|Docs|Help' -update

.PHONY: lint
lint: ## lint the OpenAPI document with Redocly and Spectral (needs npm), and show that both still complain
	@.ci/lint/run

.PHONY: prism
prism: ## judge the Prism mock of the OpenAPI document (needs npm)
	@.ci/prism/run

.PHONY: bench
bench: ## measure judging and a whole run, side by side with a bare loop
	$(GO) test -run '^$$' -bench . -benchmem ./schemas ./conformance

.PHONY: fuzz
fuzz: ## fuzz each parser for FUZZTIME (20s)
	@for p in $$($(GO) list ./...); do \
	  for f in $$($(GO) test -list '^Fuzz' $$p | grep '^Fuzz' || true); do \
	    echo "$$p $$f $(FUZZTIME)"; $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) $$p; \
	  done; \
	done
