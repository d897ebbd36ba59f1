# The two commands of the README are `make run` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PREFECT_SERVER_ANALYTICS_ENABLED := false
export DO_NOT_TRACK := 1

.PHONY: run test check bench lock clean help

help: ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

run: $(VENV)/base.stamp ## set up, then run the main job on the embedded data
	@$(BIN)/python -m flows.main

test: $(VENV)/dev.stamp ## set up with the test tools, then run every test
	@$(BIN)/python -m pytest -n 2 --dist loadfile

check: $(VENV)/dev.stamp ## format, lint and types, as pre-commit runs them
	$(BIN)/ruff format --check . && $(BIN)/ruff check . && $(BIN)/mypy && $(BIN)/lint-imports

bench: $(VENV)/dev.stamp ## run one benchmark: make bench BENCH=etccdi ARGS="..." (see benchmarks/)
	@$(BIN)/python -m benchmarks.$(or $(BENCH),import_time) $(ARGS)

lock: ## renew the hashed requirement files from pyproject.toml (needs uv)
	uv pip compile -q pyproject.toml -o requirements/base.txt \
	    --universal --python-version 3.11 --generate-hashes --no-emit-index-url --upgrade
	uv pip compile -q pyproject.toml --group dev -c requirements/base.txt -o requirements/dev.txt \
	    --universal --python-version 3.11 --generate-hashes --no-emit-index-url --upgrade

clean: ## remove the environment and the products
	rm -rf $(VENV) outputs

$(VENV)/base.stamp: requirements/base.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the pinned dependencies into $(VENV) ..."
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --require-hashes -r requirements/base.txt
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps -e .
	@touch $@

$(VENV)/dev.stamp: requirements/dev.txt $(VENV)/base.stamp
	@echo "Installing the test tools ..."
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --require-hashes -r requirements/dev.txt
	@touch $@
