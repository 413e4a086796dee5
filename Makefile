# Two commands do everything on a machine with Python 3.11+ and make: `make run` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.9
HOST ?= 127.0.0.1
PORT ?= 3978
export UV_PROJECT_ENVIRONMENT := $(VENV)
export PYTHONUTF8 := 1
# Wheels only ever come from the lock file: a newer Python on the machine is not a reason to download one.
export UV_PYTHON_DOWNLOADS := never

.DEFAULT_GOAL := help
.PHONY: help run test coverage check format pictures lock requirements audit sbom licences image clean

help: ## list what there is
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

# ---- the environment: rebuilt when the lock file changes ----
$(VENV)/.ready: pyproject.toml uv.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Sheriff needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>&1). Name another one: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 2; }
	@$(PYTHON) -m venv $(VENV) || { echo "Could not make $(VENV). On Debian and Ubuntu: apt-get install python3-venv"; exit 2; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@$(BIN)/uv sync --quiet --locked --inexact --python $(BIN)/python
	@touch $@

# Card renderer, manifest schemas and a model double for a few tests; without npm those tests skip and say so.
tests/node/.ready: tests/node/package-lock.json
	@if command -v npm >/dev/null 2>&1; then \
	  npm --prefix tests/node ci --silent --no-audit --no-fund --ignore-scripts && touch $@; \
	else echo "npm is not here: tests marked 'node' will be skipped"; fi

run: $(VENV)/.ready ## set up, index the example platform, serve on http://127.0.0.1:3978
	@$(BIN)/sheriff serve --host $(HOST) --port $(PORT)

# Two processes share the test files: most tests of whole servers wait for one to start. `make test WORKERS=0` for one.
WORKERS ?= 2
SHARED = --numprocesses=$(WORKERS) --dist=loadfile --no-loadscope-reorder
test: $(VENV)/.ready tests/node/.ready ## set up, lint, check types and layers, run all tests
	@$(MAKE) --no-print-directory check
	@$(BIN)/pytest $(SHARED) --durations=25

coverage: $(VENV)/.ready tests/node/.ready ## run all tests again, counting what they reach: takes half as long again
	@$(BIN)/pytest $(SHARED) --cov --cov-report=term:skip-covered --cov-fail-under=85

check: $(VENV)/.ready ## lint, types, layers: no tests
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

format: $(VENV)/.ready ## format the code and apply safe lint fixes
	@$(BIN)/ruff check --quiet --fix .
	@$(BIN)/ruff format --quiet .

pictures: $(VENV)/.ready ## make the README's pictures from the real pages (needs chromium)
	@$(BIN)/python -m tests.pictures

lock: $(VENV)/.ready ## resolve the dependencies anew
	@$(BIN)/uv lock

requirements: $(VENV)/.ready ## write requirements.lock: pip install --require-hashes --no-deps -r requirements.lock
	@$(BIN)/uv export --quiet --locked --no-dev --group model --no-emit-project -o requirements.lock

audit: $(VENV)/.ready ## look for known vulnerabilities of the locked packages (needs a network; says so without)
	@$(BIN)/python -m deploy.supply_chain.audit

sbom: $(VENV)/.ready ## write dist/sbom.cdx.json: what runs with Sheriff, the embedding model too, as CycloneDX
	@$(BIN)/python -m deploy.supply_chain.sbom

licences: $(VENV)/.ready ## write docs/licences.md, and name what has to be looked at
	@$(BIN)/python -m deploy.supply_chain.licences

image: ## build the container image
	docker build -t sheriff .

clean: ## remove the environment and everything made by tools (keeps .sheriff, your state)
	rm -rf $(VENV) tests/node/node_modules tests/node/.ready .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage* dist build
