PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export FLWR_TELEMETRY_ENABLED := 0
export FLWR_DISABLE_UPDATE_CHECK := 1
export OPENBLAS_NUM_THREADS := 1
# each process of a test or of the demonstration would compile every module again, for 0.7 s
export PYTHONDONTWRITEBYTECODE :=

# one more than there are cores: the tests of the network wait for processes most of the time
PYTEST_WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
PYTEST = "$(BIN)/python" -m pytest --numprocesses $(PYTEST_WORKERS) --dist loadfile --no-loadscope-reorder

.PHONY: demo test test-all check bench clean
.DEFAULT_GOAL := demo

$(VENV)/ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("riskset needs Python 3.11 or newer; set one with: make PYTHON=python3.12") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	"$(BIN)/python" -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch "$@"

demo: $(VENV)/ready  ## a whole study over the real network stack, on this machine
	"$(BIN)/python" -m riskset demo

test: $(VENV)/ready  ## each behaviour once: a few minutes
	$(PYTEST) -m "not exhaustive"

test-all: $(VENV)/ready  ## every case, laws on many more examples, and how much of the packages was run
	$(PYTEST) --hypothesis-profile exhaustive --cov --cov-report=
	@echo "lines of the packages that were run: $$("$(BIN)/coverage" report --format total)%"

.PHONY: test-browser

test-browser: $(VENV)/ready  ## the review desk in Chromium, by keyboard and mouse; `make test-all` includes it from then on
	"$(BIN)/python" -m pip install --quiet --disable-pip-version-check 'playwright>=1.50' 'axe-playwright-python>=0.1.4'
	command -v chromium chromium-browser google-chrome >/dev/null || "$(BIN)/python" -m playwright install chromium
	"$(BIN)/python" -m pytest tests/browser

check: $(VENV)/ready
	"$(BIN)/python" -m ruff check .
	"$(BIN)/python" -m ruff format --check .
	"$(BIN)/python" -m mypy
	"$(BIN)/lint-imports"

bench: $(VENV)/ready
	"$(BIN)/python" -m benchmarks

.PHONY: docs

docs: $(VENV)/ready  ## site/: these documents as pages, to be opened from the folder or put on a server
	NO_MKDOCS_2_WARNING=1 "$(BIN)/python" -m mkdocs build --strict --quiet
	@echo "open $(CURDIR)/site/index.html"

.PHONY: wheel wheel-check

wheel: $(VENV)/ready  ## dist/: the sdist, and the wheel built from it
	rm -rf dist
	"$(BIN)/python" -m build --no-isolation --outdir dist

wheel-check: wheel  ## the wheel alone, in a new environment in another folder, runs the demonstration
	away=$$(mktemp -d) && trap 'rm -rf "$$away"' EXIT && unset PYTHONPATH && \
	"$(PYTHON)" -m venv "$$away/venv" && \
	"$$away/venv/bin/python" -m pip install --quiet --disable-pip-version-check "$$(echo "$(CURDIR)"/dist/*.whl)[demo]" && \
	cd "$$away" && "$$away/venv/bin/riskset" demo

clean:
	rm -rf "$(VENV)" build dist site .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache .coverage .coverage.*
