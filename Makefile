# Every target sets up what it needs. `make` alone lists them.
PYTHON ?= $(shell for v in python3.13 python3.12 python3.11 python3; do command -v $$v >/dev/null 2>&1 && $$v -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && { echo $$v; break; }; done)
VENV   := .venv
BIN    := $(VENV)/bin
PYTEST_ARGS ?=
BENCH_ARGS ?=
TESTS_AT_ONCE ?= 2
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help setup demo up test faults check lock bench bench-pii clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(VENV)/.ready ## Make .venv and install Deckname with the locked versions

$(VENV)/.ready: requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Deckname needs Python 3.11, 3.12 or 3.13: install one, or say make PYTHON=/path/to/python3" >&2; exit 2; }
	@echo "Setting up $(VENV) with $(PYTHON) (a minute or two, once)"
	@$(PYTHON) -m venv $(VENV)
	@# the lock is complete: --no-deps keeps pip from looking for anything newer beside it
	@$(BIN)/python -m pip install --quiet --no-deps --require-hashes --requirement requirements.lock
	@$(BIN)/python -m pip install --quiet --no-deps --editable .
	@touch $@

demo: setup ## Run the main job on synthetic calls, offline
	@$(BIN)/deckname demo

up: setup ## Start everything on this machine; Ctrl-C ends it
	@$(BIN)/deckname up

test: setup ## Run all tests; domain and stages must be covered in every branch
	$(BIN)/python -m pytest --numprocesses=$(TESTS_AT_ONCE) --dist=loadfile --cov=pipeline.domain --cov=pipeline.stages --cov-branch --cov-report=term:skip-covered --cov-fail-under=100 $(PYTEST_ARGS)

faults: setup ## Kill, fill and hang everything, for half an hour; how long each took
	$(BIN)/python -m pytest tests/faults --faults --soak-calls=1000 $(PYTEST_ARGS)

check: setup ## Lint, types and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup ## Measure throughput on this machine
	@$(BIN)/python -m benchmarks.throughput $(BENCH_ARGS)

bench-pii: setup ## Measure what the detection finds, and what it wrongly hides
	@$(BIN)/python -m benchmarks.pii --part held --plain --plot docs/images/pii.svg

lock: ## Resolve requirements.lock anew (needs uv)
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --quiet --output-file requirements.lock

clean: ## Remove what was built or demonstrated
	rm -rf $(VENV) .demo .coverage htmlcov build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
