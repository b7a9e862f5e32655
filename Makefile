SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
GO ?= go
FUZZTIME ?= 20s

# The number of requests with a hidden action that make fuzz passes to the guard.
HIDING ?= 2000000
# The number of texts of each body that make fuzz makes to mislead the acceptor.
MUTANTS ?= 400000
TESTFLAGS ?=
# The version of benchstat that make bench-compare builds.
BENCHSTAT = v0.0.0-20260908200009-22c9c6c9d4da

# The Pact tests need a native library, from npm, and a C compiler. If one is missing,
# "optional" reports it and continues, and "required" fails.
PACT ?= optional

# The race detector needs a C compiler. Without one it is not used.
RACE = $(if $(filter 1,$(shell $(GO) env CGO_ENABLED)),-race)

# Tests make much and keep little: where the garbage collector runs less often, they
# and the compiler take less of the processor.
GOGC ?= 400
# They are linked without what only a debugger reads.
TEST = GOGC=$(GOGC) $(GO) test -ldflags=-w $(VET)

# -vet=off where make verify has run.
VET ?=

# What the tests cover:
#
#   make quick  with -short and without the race detector: the cheap tests of each
#               package. Of the servers of the matrix, each fault is judged by the one
#               case that is known to catch it and its control
#               (conformance/mutate/testdata/killers.golden), each honest server by the
#               plain requests; every ninth hostile server is met. No image, example
#               module or browser. Packages that did not change are not tested again, but
#               for docs and internal/arch: their tests read what go test does not see.
#   make test   every test without the race detector, the whole matrix among them; then,
#               under the race detector and with -short, what sends, serves and judges at
#               once: the packages of CONCURRENT without the tests of SERIAL, and of the
#               command what SERVING names; then the Pact tests.
#   make race   every test under the race detector. Of the matrix, which takes too long so, a
#               sample: our code is the same for every fault.
#
# PARTS of make test, which .ci/run runs at the same time.
PARTS ?= all race pact

CONCURRENT := ./conformance $(addprefix ./conformance/,conformancetest credential journal load mutate proxy reference \
  internal/guard internal/heads internal/pace internal/redact internal/wire)

# Tests that judge, one after another, what a single run gave, or only read: for the
# race detector they are one run many times over. A new test is not among them.
# conformance/internal/arch tests that each name is that of a test, and that none of these
# tests starts a goroutine. Examples and FuzzLoad load the suite and run a case of it.
SERIAL := ^Test(VerifyTakes|VerifyNamesEach|VerifyBears|VerifyCompares|VerifyTells|Load|Compact|WhatARepetitionIs|FindingsOnTimes|WhatIsOddIsNot|OnlyWhatATokenExplains|CurlSends|UnarmedNothing|WhatIsCharged|WhoFallsSilent|ArmingByHalves|TheTokenOfASingleRole|LintNames|StrictTurns|AMissingRow|ATokenInAny|EveryVerdict|TheLevelNarrows|RepetitionsDoNotAdd|JudgeRequestAgrees|ANamedFileThat|ASeedRepeats|ACaseThatIsLeftOut|WrittenCasesMeet|ACaseNeedsWhat|AViolatedExpectation|CoverageCountsOnly|ARefusalProvesNothing|AnInventedContract|ALevelLeavesOut|GeneratedCasesAre|ALeakInAnyPlace|Charsets|Location|StatusesThatDoNot|FindingsThatFail|TheSuitesOwn|ASessionWithoutEnd|AnActionThatIsUnderWay|AConflict|AFurtherMember|AnErrorOfATokenSource|EveryCheckCharges|AClauseIs|DocumentAndSection|SchemasAndTheOpenAPI|WhatIsMadeOfAToken|AServerThatTakesWhat|ASecretReaches|AHandlerWithoutAPanic|ASecondFresh|TheActionInAnAnswer|ADriftedMock|APlantedFault|AFaultThatOnlyAHuge|EachPhaseHas|MergedShards|WhatCannotBeMerged|ARecordedRequestThatIs|ManyRecordsOf|AMachineMayHaveMore|ARequestWithoutAnAnswer|FieldsWithCredentials|SecretsInBodies|FieldsThatNameUsers|ClientsOfRecords|TheCatalogueOfClients|AnOwnRule|OwnRulesOfAReport|WhoIsShutOut|TheEndsOfALong|PlainScans|ATokenLikeWhatCases|ATokenThatIsAWord|AFieldOfTheUserThatIsAWord)

# Of the command, what goes on at once is the server and what interrupts it; a script
# starts a process for each command.
SERVING := ^Test(Serve|ATenant|ASignal|AnInterrupt|AWaitingRequest|AStoppingServer|AClientThat|ARequestChooses|ChosenFaults|Latency)

# The packages whose tests rewrite golden files.
GOLDEN := $$(grep -rl --include='*_test.go' --exclude-dir=example '"update"' cmd conformance docs openapi schemas | xargs -n1 dirname | sort -u | sed 's|^|./|')

.PHONY: help
help: ## print this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "%-16s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: run
run: ## run the whole suite against the embedded reference server
	@$(GO) run ./cmd/fmaspec run

.PHONY: selftest
selftest: ## test the suite itself: run it against every fault and every variant
	@$(GO) run ./cmd/fmaspec selftest

.PHONY: build
build: ## build bin/fmaspec
	$(GO) build -trimpath -o bin/fmaspec ./cmd/fmaspec

.PHONY: man
man: ## write the manual pages to bin/man1
	$(GO) run ./cmd/fmaspec man -o bin/man1

.PHONY: quick
quick: ## run the short tests of what changed, without the race detector
	@failed=0; \
	$(TEST) -short $(TESTFLAGS) $$($(GO) list ./... | grep -v -e '/docs$$' -e '/arch$$') || failed=1; \
	$(TEST) -short -count=1 $(TESTFLAGS) ./docs ./conformance/internal/arch || failed=1; \
	exit $$failed

.PHONY: test
test: ## run every test, in random order; then what is concurrent, sampled, under the race detector
	@failed=0; \
	$(if $(filter all,$(PARTS)),$(TEST) -shuffle=on -timeout 40m $(TESTFLAGS) ./... || failed=1;) \
	$(if $(filter race,$(PARTS)),$(if $(RACE),$(TEST) $(RACE) -short -skip '$(SERIAL)|^(Example|FuzzLoad)' -shuffle=on -timeout 40m $(TESTFLAGS) $(CONCURRENT) || failed=1;)) \
	$(if $(filter race,$(PARTS)),$(if $(RACE),$(TEST) $(RACE) -short -run '$(SERVING)' -shuffle=on -timeout 40m $(TESTFLAGS) ./cmd/fmaspec || failed=1;)) \
	$(if $(filter pact,$(PARTS)),GOGC=$(GOGC) GO='$(GO)' FMASPEC_PACT='$(PACT)' .ci/pact/run -shuffle=on $(TESTFLAGS) || failed=1;) \
	exit $$failed

.PHONY: race
race: ## run every test, in random order, under the race detector (needs a C compiler; takes long)
	@[ -n '$(RACE)' ] || { echo 'race: CGO_ENABLED is not 1; install a C compiler, such as gcc'; exit 1; }
	@failed=0; \
	$(TEST) $(RACE) -shuffle=on -timeout 90m $(TESTFLAGS) ./... || failed=1; \
	GOGC=$(GOGC) GO='$(GO)' FMASPEC_PACT='$(PACT)' .ci/pact/run $(RACE) -shuffle=on $(TESTFLAGS) || failed=1; \
	exit $$failed

.PHONY: verify
verify: ## check format, vet, modules and build
	@bad=$$(gofmt -l */); [ -z "$$bad" ] || { printf '%s\n' "$$bad" 'verify: not formatted; run gofmt -w on these files'; exit 1; }
	$(GO) vet ./...
	$(GO) mod tidy -diff
	$(GO) build ./...

.PHONY: check
check: verify test run ## everything to run before a commit: verify, test, run

.PHONY: golden
golden: ## rewrite the golden files and generated lists that changed; review the difference before you commit it
	$(TEST) -short $(GOLDEN) -update
	@echo 'golden: in the golden matrix, lines that are missing or that a fault contradicts were made again; make golden-matrix makes all of it'

.PHONY: golden-matrix
golden-matrix: ## judge every fault by the whole suite, and rewrite the golden matrix (minutes); make golden only adds to it
	$(TEST) -run '^(TestTheGoldenMatrixIsCurrent|TestAFewCasesCatchEachLaterFault|TestARecordedRunIsJudgedAsTheRunWas)$$' -timeout 40m ./conformance/mutate -update -whole

.PHONY: docs
docs: ## build the README and docs as a site with a search, in the folder site, and check its links (needs Python)
	@.ci/site/run

.PHONY: lint
lint: ## lint the OpenAPI document with Redocly and Spectral (needs npm), and test that both still report errors
	@.ci/lint/run

.PHONY: generators
generators: ## generate and compile Go, TypeScript and Java from the OpenAPI document (needs npm; Java also Maven and a JDK, or it is skipped)
	@GO='$(GO)' .ci/generate/run

.PHONY: contract
contract: ## compare the OpenAPI document and its schemas with the released ones, and test the comparison
	@cd .ci/contract && $(GO) vet . && $(GO) test -vet=off -ldflags=-w -shuffle=on . && $(GO) run . check ../..

.PHONY: kubernetes
kubernetes: ## test that the Job of docs/ci is what Kubernetes takes, and the TestRun for k6 what its operator takes
	@cd .ci/kubernetes && $(GO) vet . && $(GO) test .

.PHONY: contract-release
contract-release: ## release the OpenAPI document and its schemas; first raise info.version
	@cd .ci/contract && $(GO) run . release ../..

.PHONY: cross
cross: windows ## vet, with the tests, and build the command for Windows, and build it for macOS; nothing is run
	CGO_ENABLED=0 GOOS=darwin $(GO) build -o /dev/null ./cmd/fmaspec

.PHONY: windows
windows: ## the part of make cross for Windows
	CGO_ENABLED=0 GOOS=windows $(GO) vet ./...
	CGO_ENABLED=0 GOOS=windows $(GO) build -o /dev/null ./cmd/fmaspec

.PHONY: release-snapshot
release-snapshot: ## make the archives of a release, with checksums and lists of modules, and publish nothing (minutes the first time)
	@GO='$(GO)' .ci/release/run snapshot

.PHONY: release-twice
release-twice: ## make them in two folders, and test that they are the same byte by byte
	@GO='$(GO)' .ci/release/run twice

.PHONY: rename
rename: ## give the module another path, MODULE=example.com/you/fmaspec, everywhere; needs a checkout without changes
	@cd .ci/rename && $(GO) run . ../.. '$(MODULE)'
	@$(GO) build ./...

.PHONY: rename-test
rename-test: ## rename a copy of the module, and test that nothing of its old path is left
	@cd .ci/rename && $(GO) vet . && $(GO) test -vet=off -count=1 .

.PHONY: pact-lib
pact-lib: ## install the native library of pact-go (needs npm), and print its folder
	@.ci/pact/fetch

.PHONY: pact
pact: ## run the Pact tests: the client, and the verification of servers (needs npm and a C compiler)
	@GO='$(GO)' .ci/pact/run $(RACE) -shuffle=on $(TESTFLAGS)

.PHONY: pact-js
pact-js: ## verify the reference server by the committed pacts with pact-js (needs npm)
	@GO='$(GO)' .ci/pact/verify-js

.PHONY: prism
prism: ## test the Prism mock of the OpenAPI document (needs npm)
	@.ci/prism/run

.PHONY: stacks
stacks: ## judge servers on popular frameworks by their defaults, and mended (needs npm, Python, Maven, cargo; minutes)
	@GO='$(GO)' .ci/stacks/run

.PHONY: peers
peers: ## let Schemathesis, Newman and others judge FAULTS (40) faults and VARIANTS (20) variants (needs npm, Python, Java; an hour)
	@GO='$(GO)' .ci/peers/run

.PHONY: k6
k6: ## build k6, and test the script of fmaspec export k6 with it (minutes)
	@GO='$(GO)' .ci/k6/run $(TESTFLAGS)

.PHONY: browser
browser: ## test the HTML report in Chromium, and its accessibility with axe (needs npm and chromium)
	@.ci/browser/run $(TESTFLAGS)

# How many turns the alternatives of make bench take, and the MiB of each file that it makes.
TURNS ?= 5
MIB ?= 32
BENCH = $(GO) test -run '^$$' -bench . -benchtime $(TURNS)x -timeout 3h ./conformance/bench -check-size $(MIB)

.PHONY: bench
bench: ## compare the suite with a bare loop, a strict parse and a line scan, in TURNS (5) turns; files have MIB (32) MiB
	$(BENCH)

.PHONY: bench-compare
bench-compare: ## run make bench, and compare it with the figures of docs/bench.txt by benchstat
	@new=$$(mktemp) && trap 'rm -f "$$new"' EXIT && $(BENCH) | tee "$$new" && \
	  $(GO) run golang.org/x/perf/cmd/benchstat@$(BENCHSTAT) docs/bench.txt "$$new"

.PHONY: bench-parts
bench-parts: ## benchmark the parts: schemas, judging, generating, reading, striking out
	$(GO) test -run '^$$' -bench . -skip ResidentMemory -benchmem ./schemas ./conformance ./conformance/generate \
	  ./conformance/traffic ./conformance/internal/redact

# The number of exchanges of make bench-proxy.
EXCHANGES ?= 1000000

.PHONY: bench-proxy
bench-proxy: ## compare the proxy with a plain httputil.ReverseProxy, and pass EXCHANGES (1000000) on unaltered
	$(GO) test -run '^$$' -bench . -benchmem ./conformance/proxy
	$(GO) test -run '^TestNoByteIsAlteredUnderLoad$$' -v -timeout 3h ./conformance/proxy -exchanges $(EXCHANGES)

.PHONY: bench-load
bench-load: ## compare a judged load with one of vegeta, which judges nothing: percentiles, and the rate of each
	@cd .ci/load && $(GO) vet . && $(GO) test -count=1 -v .

# The number of cases of make soak, to each of two servers.
CASES ?= 2500000

.PHONY: soak
soak: ## judge CASES (2500000) cases under load, of an honest server and of one that errs once in 100,000 requests
	$(GO) test -run '^Test(Soak|NoConformingServerFlips)$$' -v -timeout 6h ./conformance/load -soak $(CASES)

ROUNDS ?= 136
.PHONY: recorded
recorded: ## check records of ROUNDS (136) runs, 100,000 exchanges, of 51 servers, and compare with what the runs found (an hour)
	FMASPEC_RECORDED_ROUNDS=$(ROUNDS) $(TEST) -run '^TestARecordedRunIsJudgedAsTheRunWas$$' -v -timeout 6h ./conformance/mutate

.PHONY: memory
memory: ## measure the memory of a run against the heaviest hostile servers
	$(GO) test -run '^$$' -bench ResidentMemory -benchtime 1x -timeout 30m ./conformance

.PHONY: fuzz
fuzz: ## fuzz each parser for FUZZTIME (20s), the guard with HIDING (2000000) requests, and the acceptor
	@targets=$$($(GO) test -run '^$$' -list '^Fuzz' -json ./... \
	    | sed -n 's/.*"Package":"\([^"]*\)".*"Output":"\(Fuzz[A-Za-z0-9_]*\)\\n".*/\1 \2/p'); \
	  [ -n "$$targets" ] || { echo 'fuzz: no target found'; exit 1; }; \
	  while read -r package name; do \
	    echo "$$package $$name $(FUZZTIME)"; \
	    $(GO) test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1s "$$package"; \
	  done <<<"$$targets"
	@echo "fmaspec/conformance/internal/guard TestNothingHiddenTakesEffect $(HIDING) requests"
	@$(GO) test -run '^TestNothingHiddenTakesEffect$$' -v -timeout 3h ./conformance/internal/guard -hiding $(HIDING)
	@echo "fmaspec/schemas TestAcceptAcceptsNothingThatAnEngineRefuses $(MUTANTS) mutants of each body"
	@$(GO) test -run '^TestAcceptAcceptsNothingThatAnEngineRefuses$$' -v -timeout 3h ./schemas -mutants $(MUTANTS)
