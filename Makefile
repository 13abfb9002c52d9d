# FastGraph Server. Each target starts from nothing, reuses what is there and prints what it does; `scripts/prepare.py` holds
# the how. The second time nothing is installed and no network is needed.

PYTHON ?= python3
ARGS ?=
TESTS ?= tests
# Test processes at once; a file's tests stay together. More than cores, since most tests wait for other processes.
WORKERS ?= 3
BIN := .venv/bin
PREPARE := $(PYTHON) scripts/prepare.py

# A venv that is active in the caller's shell must not leak into ours.
unexport VIRTUAL_ENV
unexport PYTHONPATH
unexport PYTHONHOME

.DEFAULT_GOAL := help
.PHONY: help run dev test quick-test conformance-crash crash-matrix chaos lint types dashboard-check format dashboard docs screenshots bench slow-consumers soak lock env-example wheel clean distclean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Serve with the examples on http://127.0.0.1:8000 (ARGS="--port 9000 flows.py")
	@$(PREPARE) runtime dashboard-if-possible
	@echo "==> fastgraph serve $(ARGS)"
	@exec $(BIN)/fastgraph serve $(ARGS)

dev: ## Serve, and reload the workflows when their files change
	@$(PREPARE) runtime dashboard-if-possible
	@exec $(BIN)/fastgraph dev $(ARGS)

test: ## All that CI checks: style, types, the dashboard, every test (ARGS="-k name", TESTS=tests/api, WORKERS=1)
	@$(PREPARE) development dashboard postgres chromium
	@$(MAKE) --no-print-directory lint types dashboard-check
	@echo "==> pytest"
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(TESTS) $(ARGS)

quick-test: ## The tests that take seconds: no browser, no PostgreSQL, nothing slow
	@$(PREPARE) development
	@$(BIN)/python -m pytest -m "not slow and not browser and not postgres" $(TESTS) $(ARGS)

conformance-crash: ## Kill the host in every gap of every conformance flow (ARGS="--minutes 20"); takes a while
	@$(PREPARE) development
	@cd tests && ../$(BIN)/python -m conformance.crash $(ARGS)

chaos: ## Kill hosts at random moments under runs of all kinds (ARGS="--minutes 3", ARGS=--postgresql); ten minutes
	@$(PREPARE) development
	@cd tests && ../$(BIN)/python -m support.chaos --json ../benchmarks/results/chaos.json $(ARGS)

crash-matrix: ## Let processes die at every fault point, in every way (ARGS="--third", ARGS="--only run.claim")
	@$(PREPARE) development postgres
	@cd tests && ../$(BIN)/python -m crash_matrix --json ../benchmarks/results/crash-matrix.json $(ARGS)

differential: ## Two thousand random programs on LangGraph and on FastGraph
	@$(PREPARE) development
	@FASTGRAPH_DIFFERENTIAL_EXAMPLES=2000 $(BIN)/python -m pytest -s tests/differential $(ARGS)

lint: ## Ruff: rules and format
	@$(PREPARE) development
	@echo "==> ruff"
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check

types: ## mypy --strict
	@$(PREPARE) development
	@echo "==> mypy"
	@$(BIN)/mypy

dashboard-check: ## The dashboard's linter, types, tests and size
	@$(PREPARE) node-modules
	@echo "==> npm run check"
	@cd frontend && npm run --silent check

format: ## Rewrite the Python and the dashboard's code in the house format
	@$(PREPARE) development node-modules
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format
	@cd frontend && npm run --silent format

dashboard: ## Build the dashboard into api/dashboard/
	@$(PREPARE) dashboard

docs: ## Build the documentation as a site into build/site/
	@$(PREPARE) development
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict
	@echo "==> build/site/index.html"

screenshots: ## Take the README's screenshots with a real browser
	@$(PREPARE) runtime dashboard chromium
	@cd frontend && npm run --silent screenshots

bench: ## Measure, print a table and write JSON under benchmarks/results/
	@$(PREPARE) development dashboard
	@$(BIN)/python -m benchmarks $(ARGS)

slow-consumers: ## 50 watchers, 5 of which stop reading, for a minute: memory, lateness, holes (ARGS="--seconds 20")
	@$(PREPARE) development dashboard
	@$(BIN)/python -m benchmarks.slow_consumers $(ARGS)

soak: ## 20,000 runs in half an hour: do threads, descriptors, actors and memory stay flat? (ARGS="--minutes 5")
	@$(PREPARE) development dashboard
	@$(BIN)/python -m benchmarks.soak $(ARGS)

lock: ## Pin requirements.txt and requirements-dev.txt anew from pyproject.toml (needs the network)
	@$(PREPARE) development
	@$(BIN)/python scripts/lock_requirements.py

env-example: ## Write .env.example anew from fastgraph/settings.py
	@$(PREPARE) development
	@$(BIN)/python scripts/env_example.py

wheel: ## Build the wheel, dashboard included, into dist/
	@$(PREPARE) development dashboard
	@$(BIN)/python -m build --wheel --no-isolation

clean: ## Remove what was built and cached, keep .venv, node_modules and data
	rm -rf api/dashboard build dist frontend/dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find fastgraph actors api tests benchmarks examples scripts -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true

distclean: clean ## The same and .venv and node_modules; data/ stays
	rm -rf .venv frontend/node_modules
