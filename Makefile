# Asof: each target sets up what it needs. `make help` lists them, `make test` checks everything.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
TESTS := $(BIN)/python -m pytest -rfEs -n auto --dist loadfile --no-loadscope-reorder
STYLE := $(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/lint-imports
# Compiled bytecode halves the start of dbt and Prefect.
unexport PYTHONDONTWRITEBYTECODE
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
export PREFECT_SERVER_ANALYTICS_ENABLED := false
export DO_NOT_TRACK := 1
export OMP_WAIT_POLICY := PASSIVE
-include .env
.DEFAULT_GOAL := help

.PHONY: help run replay leak-proof bench chaos check test test-spark lint docs serve status clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

# example
# Half a year of flights lands, then July passes (about 5 minutes); or all days from May on (about half an hour).
RUN := --history 2013-07-01 --until 2013-08-01
REPLAY := --history 2013-05-01 --until 2014-01-01

run: .venv/.locked ## Let history land, train, judge, then let days pass (July)
	@$(BIN)/python -m flows replay $(RUN)

replay: .venv/.locked ## Live through the whole past with challengers (from May on)
	@$(BIN)/python -m flows replay $(REPLAY)
# /example

status: .venv/.locked ## Say whether all is well
	@$(BIN)/python -m flows status

docs: .venv/.locked ## Write the lineage and the documentation of every table to target/static_index.html
	@$(BIN)/dbt docs generate --static --quiet && echo "open target/static_index.html"

serve: .venv/.locked ## Start Prefect on loopback with a worker, and deploy the flows
	@$(BIN)/python -m flows.serve

leak-proof: .venv/.locked ## Prove by experiment that no feature holds anything from the future (about 20 minutes)
	@$(BIN)/python -m flows prove --page published/leak-proof.md

# example
bench: .venv/.locked ## Measure the macros beside their peers, up to 30 million flights (about 24 minutes)
	@$(BIN)/python -m benchmarks run && $(BIN)/python -m benchmarks report
# /example

chaos: .venv/.locked ## Kill replays at 200 random points, and compare each with the life that was not killed (about an hour)
	@$(BIN)/python -m tests.faults.chaos --kills 120
# example
	@$(BIN)/python -m tests.flights.faults.chaos --on flights --kills 80
# /example

check: .venv/.locked ## Run the quick checks: style, imports, declarations, everything without a browser, a server, a long replay or simulation
	@$(STYLE) && $(TESTS) -m "not slow"

test: .venv/.locked ## Run every check: style, imports, Python, SQL
	@$(STYLE) && $(TESTS)

test-spark: .venv-spark/.locked ## Run the macros on a cluster of Apache Spark that the tests start (about ten minutes)
	@[ -n "$$JAVA_HOME" ] || command -v java > /dev/null \
	  || { apt-get update --quiet && apt-get install --yes --no-install-recommends openjdk-17-jre-headless; } \
	  || { echo "Java 17 is needed: apt-get install --no-install-recommends openjdk-17-jre-headless"; exit 1; }
	@.venv-spark/bin/python -m pytest -rfEs tests/spark

lint: .venv/.locked ## Mend the style
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

clean: ## Remove data/ (warehouse, landed files, remarks, password), published/, target/, logs/
	rm -rf data published target logs

# An environment is made anew when its lock file is newer than it.
.venv/.locked: requirements.lock
.venv-spark/.locked: requirements-spark.lock
.venv/.locked .venv-spark/.locked:
	@echo "installing the locked packages into $(@D) (one to two minutes)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make run PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv --clear $(@D)
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $<
	@touch $@
