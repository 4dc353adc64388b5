# Every target does its own set-up: in a fresh clone, `make demo` and `make test` are all there is.
# Needed: Python 3.11 or newer with venv, make, and a package index that pip knows.

SHELL := /bin/sh
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
READY := .venv/.ready
# Three workers keep two cores busy, since many tests wait; raise it with `make test JOBS=8`.
JOBS ?= 3
# For instance `make unit ARGS='-k pointer -x'`.
ARGS ?=
PYTEST := $(BIN)/python -m pytest -q $(ARGS)
# A file's tests stay together, because a sandbox is started once per file.
PARALLEL := -n $(JOBS) --dist loadfile

.PHONY: help demo demo-pipeline test lint types contracts unit functional proof bench clean

help: ## show this help
	@echo "usage: make TARGET"
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' Makefile

demo: $(READY) ## promote a model version through two environments on a local AWS
	@$(BIN)/promote sandbox demo

demo-pipeline: $(READY) ## deploy a pipeline to a local AWS and promote through it
	@$(BIN)/promote pipeline simulate

test: $(READY) ## everything that must pass before a change lands
	@$(MAKE) --jobs=3 lint types contracts
	@echo "tests"
	@$(PYTEST) $(PARALLEL) tests

lint: $(READY) ## style, and whether the code is formatted
	@echo "ruff"
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet --diff .

types: $(READY) ## mypy --strict over the product and its tests
	@echo "mypy"
	@$(BIN)/mypy --no-error-summary

contracts: $(READY) ## who may import whom
	@echo "import contracts"
	@$(BIN)/lint-imports --no-logo > .venv/contracts.txt || { cat .venv/contracts.txt; exit 1; }

unit: $(READY) ## the pure tests: no input, no output, seconds
	@$(PYTEST) tests/unit

functional: $(READY) ## the tests against the sandbox
	@$(PYTEST) $(PARALLEL) tests/functional

proof: $(READY) ## crashes, rivals, mutants and a model of the order; prints the counts
	@$(BIN)/python -m tests.reliability

bench: $(READY) ## print how fast decisions and proofs are
	@$(PYTEST) -s tests/benchmarks

clean: ## remove everything that make and the tools it runs have made
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache \
		.hypothesis .coverage .coverage.* htmlcov
	find promote tests -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamp is touched last, so an installation that was interrupted is done again. PYTHON may name
# an interpreter; without it the first one on the PATH that is new enough is taken. Most of what is
# installed is never imported, so only what is gets compiled, when it is: `unexport` lets it be kept.
# The pip that Python 3.11 brings takes three times as long as a new one to choose among releases;
# where no new one is to be had, it does all the same.
$(READY): setup.cfg pyproject.toml
	@python=; \
	for candidate in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11; do \
		if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			python=$$candidate; break; \
		fi; \
	done; \
	if [ -z "$$python" ]; then \
		echo "promote needs Python 3.11 or newer; on the PATH is: $$(python3 --version 2>&1)." >&2; \
		echo "Name one with:" >&2; \
		echo "    make $(or $(MAKECMDGOALS),test) PYTHON=/path/to/python3.11" >&2; \
		exit 1; \
	fi; \
	echo "setting up .venv with $$("$$python" --version) (once, and after a change of setup.cfg)"; \
	"$$python" -m venv .venv || { \
		echo "Python's venv module is missing; on Debian and Ubuntu:" >&2; \
		echo "    apt-get install python3-venv" >&2; \
		exit 1; \
	}
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-compile --upgrade pip || true
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-compile \
		--editable '.[sandbox,test,dev]'
	@touch $@
