# Everything a contributor runs. Needs python3 >= 3.11 and make; the rest is installed into .venv by hash.
#
#   make demo       glowplug check on the examples; succeeds when every planted fault was found
#   make test       all tests, with a seeded tenth of the thorough counts
#   make test-full  all tests, with all of them
#   make check      format, lint, types, import contracts, generated documentation
#   make fuzz       broken SQL for FUZZ_SECONDS (600) against the readers and the rules
#   make bench      the ratios in benchmarks/, written to benchmarks/results/
#   make docs       write the generated parts of the documentation again
#   make lock       lock the dependencies of pyproject.toml again (needs uv)

PYTHON ?= python3
UV ?= uv
PYTEST_ARGS ?=
FUZZ_SECONDS ?= 600

VENV := .venv
RUN := $(VENV)/bin/python
INSTALLED := $(VENV)/.installed

.DELETE_ON_ERROR:
.PHONY: help demo test test-full check fuzz bench docs lock environment clean

help:
	@sed -n 's/^#   //p' $(firstword $(MAKEFILE_LIST))

environment: $(INSTALLED)

$(INSTALLED): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "glowplug needs Python 3.11 or newer: make PYTHON=python3.12 ..." >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "This Python can make no environment. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 2; }
	test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(RUN) -m pip install --quiet --disable-pip-version-check --no-deps --no-index --no-build-isolation --editable .
	@touch $@

demo: $(INSTALLED)
	$(RUN) tools/demo.py

test: $(INSTALLED)
	$(RUN) -m pytest -n auto $(PYTEST_ARGS)

test-full: $(INSTALLED)
	GLOWPLUG_FULL=1 $(RUN) -m pytest -n auto $(PYTEST_ARGS)

check: $(INSTALLED)
	$(VENV)/bin/ruff format --check --quiet .
	$(VENV)/bin/ruff check --quiet .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports --no-logo
	$(RUN) tools/docs.py --check

fuzz: $(INSTALLED)
	$(RUN) tools/fuzz.py --seconds $(FUZZ_SECONDS)

bench: $(INSTALLED)
	$(RUN) benchmarks/run.py

docs: $(INSTALLED)
	$(RUN) tools/docs.py

lock:
	@command -v $(UV) >/dev/null || { echo "make lock needs uv: pip install uv, or make UV=path/to/uv lock" >&2; exit 2; }
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --upgrade \
	  --custom-compile-command "make lock" --group dev pyproject.toml --output-file requirements.txt

clean:
	rm -rf $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
