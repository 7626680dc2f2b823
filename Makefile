# Everything here needs Python 3.10 or newer and make; the rest is installed into $(VENV) on first use.
#   make test PYTHON=python3.13 VENV=.venv-3.13    runs with another interpreter, in an environment of its own

PYTHON ?= python3
VENV ?= .venv
PYTEST_ARGS ?= -q -n auto

bin := $(VENV)/bin
pip := $(bin)/python -m pip --quiet --disable-pip-version-check install
demo := fixtures/_projects/image-service

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test lint format typecheck contracts check bench build clean

help: ## List the targets
	@awk 'BEGIN { FS = ":.*## " } /^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.ready ## Scan a small service full of defects
	@$(bin)/mlsec-lint check $(demo); code=$$?; \
	if [ $$code -gt 1 ]; then echo "The demo failed: mlsec-lint ended with code $$code." >&2; exit $$code; fi

test: $(VENV)/.ready-test ## Run the tests (PYTEST_ARGS="-k name" for some of them)
	@$(bin)/python -m pytest $(PYTEST_ARGS)

lint: $(VENV)/.ready-dev ## Check style, and that the code is formatted
	@$(bin)/ruff check .
	@$(bin)/ruff format --check --quiet .

format: $(VENV)/.ready-dev ## Format the code and repair what can be repaired
	@$(bin)/ruff check --fix --quiet . || true
	@$(bin)/ruff format --quiet .

typecheck: $(VENV)/.ready-dev ## Check the types
	@$(bin)/pyright --pythonpath $(bin)/python

contracts: $(VENV)/.ready-test ## Check that each layer imports only from those below it
	@$(bin)/lint-imports

check: lint typecheck contracts test ## Everything that CI does

bench: $(VENV)/.ready-bench ## Compare speed and findings with other tools
	@$(bin)/python -m benchmarks

build: $(VENV)/.ready-dev ## Build the wheel and the source archive into dist/
	@$(bin)/python -m build --outdir dist .

clean: ## Remove environments, caches and build products
	@rm -rf .venv .venv-* build dist .hypothesis .import_linter_cache .pytest_cache .ruff_cache
	@find mlsec_lint tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

# Each stamp says what an environment holds; an edited pyproject.toml makes all of them stale.

$(VENV)/.made:
	@$(PYTHON) -c '' 2>/dev/null || { echo "There is no working Python called \"$(PYTHON)\"; install Python 3.10 or newer, or name one: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { echo "mlsec-lint needs Python 3.10 or newer; \"$(PYTHON)\" is $$($(PYTHON) -V 2>&1). Name another one: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "The environment could not be made; on Debian and Ubuntu, install the package python3-venv." >&2; exit 1; }
	@touch $@

$(VENV)/.ready: $(VENV)/.made pyproject.toml
	@echo "Installing mlsec-lint into $(VENV) ..." >&2
	@$(pip) --editable .
	@touch $@

$(VENV)/.ready-test: $(VENV)/.made pyproject.toml
	@echo "Installing mlsec-lint and its test tools into $(VENV) ..." >&2
	@$(pip) --editable '.[test]'
	@touch $@ $(VENV)/.ready

$(VENV)/.ready-dev: $(VENV)/.made pyproject.toml
	@echo "Installing mlsec-lint and its development tools into $(VENV) ..." >&2
	@$(pip) --editable '.[dev]'
	@touch $@ $(VENV)/.ready $(VENV)/.ready-test

$(VENV)/.ready-bench: $(VENV)/.made pyproject.toml
	@echo "Installing mlsec-lint and the tools to compare it with into $(VENV) ..." >&2
	@$(pip) --editable '.[bench]'
	@touch $@ $(VENV)/.ready
