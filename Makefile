# Two commands matter: `make run` shows the service, `make test` proves it. Both build their own environment.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
export PYTHONPATH := $(CURDIR)

.DEFAULT_GOAL := help
.PHONY: help setup run test check lint types layers dependencies manual readme format lock bench silence faults screenshots picture mutants hapi hapistop wheel clean

help: ## Show what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: $(VENV)/.dev ## Make .venv with everything a developer needs, from the lock

run: $(VENV)/.run ## Start the service on loopback in demo mode
	@$(BIN)/python -m cds_service serve --demo

test: $(VENV)/.dev ## Run every test that this machine can run
	$(BIN)/python -m pytest -n auto $(PYTEST)

check: lint types layers dependencies ## All static checks, and that generated pages are fresh
	$(BIN)/python -m cds_service knowledge check
	$(BIN)/python -m tests.manual --check
	$(BIN)/python -m tests.readme --check

lint: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/.dev
	$(BIN)/mypy

layers: $(VENV)/.dev
	$(BIN)/lint-imports

dependencies: $(VENV)/.dev
	$(BIN)/deptry cds_service

manual: $(VENV)/.dev ## Write cards/README.md, the clinicians' manual, anew
	$(BIN)/python -m tests.manual

readme: $(VENV)/.dev ## Write the generated parts of README.md anew
	$(BIN)/python -m tests.readme

format: $(VENV)/.dev ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.dev ## Measure calls against a bare Flask view; prints ratios
	$(BIN)/python bench/core.py
	$(BIN)/python bench/calls.py

silence: $(VENV)/.dev ## Count cards per 100 charts by rule; FOLDER=bulk FHIR, else made-up charts
	$(BIN)/python bench/silence.py $(FOLDER)

faults: $(VENV)/.dev ## Break what the service stands on while it answers, and count what is lost (long); CALLS=between two blows
	$(BIN)/python bench/faults.py $(CALLS)

screenshots: $(VENV)/.dev ## Look at every page in Chromium, and keep the pictures in build/screenshots
	$(BIN)/python -m pytest tests/browser

picture: $(VENV)/.dev ## Make the README's picture, docs/demo.webp, anew (needs Chromium)
	$(BIN)/python -m tests.picture

mutants: $(VENV)/.dev ## Put small faults into therapy and rules, and count those that the tests notice (long)
	$(BIN)/python -m tests.mutation $(MODULES)

hapi: $(VENV)/.dev ## Build and start a HAPI FHIR server on loopback for the tests (needs Java 17, Maven)
	@$(BIN)/python -m tests.helpers.hapi start

hapistop: $(VENV)/.dev ## Stop the HAPI FHIR server
	@$(BIN)/python -m tests.helpers.hapi stop

wheel: $(VENV)/.dev ## Build the wheel into dist/
	$(BIN)/python -m build --wheel --no-isolation

lock: $(VENV)/.dev ## Resolve dependencies anew (needs uv on the path)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --extra login --extra postgres --extra telemetry pyproject.toml -o requirements.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --extra dev --extra login --extra postgres --extra telemetry pyproject.toml -o requirements-dev.lock

clean: ## Remove what was built, and the demo's data
	@[ ! -e var/hapi/running.json ] || $(BIN)/python -m tests.helpers.hapi stop
	rm -rf $(VENV) dist build var .mypy_cache .ruff_cache .hypothesis .coverage* .import_linter_cache

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "expected Python 3.11 or newer as $(PYTHON), got $$($(PYTHON) --version 2>&1); try make PYTHON=python3.12" >&2; exit 1; }
	@echo "Making $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements.lock | $(VENV)/bin/python
	@echo "Installing what the service needs (about half a minute) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

$(VENV)/.dev: requirements-dev.lock | $(VENV)/bin/python
	@echo "Installing what the tests need (about a minute) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@ $(VENV)/.run
