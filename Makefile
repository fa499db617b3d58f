# A contributor's whole day. `make` lists the targets; each one sets up what it needs.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# the interpreter that .venv is made with: 3.11, 3.12 or 3.13
PYTHON ?= python3
# the locked set to install: cpu, cuda12 or cuda13
LOCK ?= cpu
# the folder that `make demo` writes
OUT ?= demo

# bytecode is kept: a process that compiles all packages itself starts in 8 seconds instead of 3
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed-$(LOCK)

.PHONY: help demo test setup check format docs bench lock clean distclean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(STAMP) ## the full pipeline on built-in data, in minutes: train, evaluate, record, render, compare
	$(BIN)/rodent demo --out $(OUT)

test: $(STAMP) ## every test; RODENT_DATA=FOLDER adds those on real data
	$(BIN)/python -m pytest -q -n auto --maxprocesses 4 --dist loadfile

setup: $(STAMP) ## make .venv with the locked packages; PYTHON=python3.12 or LOCK=cuda12 choose others

check: $(STAMP) ## formatting, lint, types, and who may import whom
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/ty check
	$(BIN)/lint-imports

format: $(STAMP) ## put the code in shape
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

docs: $(STAMP) ## build the documentation into docs/site; any warning fails
	$(BIN)/python docs/generate.py
	cd docs && ../$(BIN)/python -m zensical build --clean --strict

bench: $(STAMP) ## measure every performance claim, one script after the other
	@failed=; for script in benchmarks/[a-z]*.py; do \
	  echo "== $$script"; $(BIN)/python $$script || failed="$$failed $$script"; \
	done; \
	if [ -n "$$failed" ]; then echo "failed or short of a bar:$$failed" >&2; exit 1; fi

# UPGRADE= keeps the versions of the lock where pyproject.toml still allows them
UPGRADE ?= --upgrade
COMPILE = $(BIN)/uv pip compile pyproject.toml --quiet $(UPGRADE) --universal --python-version 3.11 \
  --fork-strategy fewest --generate-hashes --no-emit-index-url --no-emit-find-links \
  --custom-compile-command "make lock" --extra gym --extra neuro --extra notebook --extra onnx --extra parquet --extra ray --extra slurm --extra viewer --extra wandb --group dev --group docs

lock: | $(BIN)/uv ## renew requirements/*.txt: the newest versions that pyproject.toml allows
	$(COMPILE) --output-file requirements/cpu.txt
	$(COMPILE) --output-file requirements/cuda12.txt --extra cuda12 --constraint requirements/cpu.txt
	$(COMPILE) --output-file requirements/cuda13.txt --extra cuda13 --constraint requirements/cpu.txt

clean: ## remove caches, builds, the docs as built and the demo's output
	rm -rf demo dist .pytest_cache .ruff_cache .hypothesis .import_linter_cache MUJOCO_LOG.TXT
	rm -rf docs/site docs/.cache docs/pages/notebooks docs/pages/policies
	rm -f docs/pages/reference/{commands,settings,licences}.md
	find . -path ./$(VENV) -prune -o -name __pycache__ -type d -print0 | xargs -0 rm -rf

distclean: clean ## remove .venv as well
	rm -rf $(VENV)

# the lock is complete, so nothing is resolved here
INSTALL = $(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps

$(STAMP): requirements/$(LOCK).txt pyproject.toml | $(BIN)/uv
	$(INSTALL) --require-hashes --requirements requirements/$(LOCK).txt
	$(INSTALL) --no-build-isolation --editable .
	@rm -f $(VENV)/.installed-*
	@touch $@

$(BIN)/uv:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || { \
	  echo "setup needs Python 3.11, 3.12 or 3.13, and '$(PYTHON)' is: $$($(PYTHON) --version 2>&1)" >&2; \
	  echo "name another one, as in: make setup PYTHON=python3.12" >&2; exit 1; }
	@echo "setting up $(VENV): takes a minute, and is done once"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet 'uv>=0.8,<1'
