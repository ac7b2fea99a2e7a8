# SPDX-License-Identifier: BSD-2-Clause
# Everything happens in .venv, which is made with the first Python >= 3.11 that is found; PYTHON=... names another Python,
# VENV=build/other another place.

new_enough = $(shell $(1) -c 'import sys; print("$(1)" if sys.version_info >= (3, 11) else "")' 2>/dev/null)
PYTHON ?= $(firstword $(foreach name,python3 python python3.14 python3.13 python3.12 python3.11,$(call new_enough,$(name))))
VENV ?= .venv
RUN := $(VENV)/bin/python
CPP := $(shell find cpp tests/cpp benchmarks examples -name '*.hpp' -o -name '*.cpp')
PIP := $(RUN) -m pip --disable-pip-version-check --quiet
# What is built or copied when it is installed. Coma's Python files are neither: they are used where they lie.
BUILT := $(shell find CMakeLists.txt cpp examples/pendulum -type f -not -path '*/__pycache__/*')

export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

.PHONY: venv help demo test quick lint bench docs clean

venv: $(VENV)/pendulum $(VENV)/test ## Coma and the pendulum in .venv, where a change of Coma's Python code is seen at once

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-6s # %s\n", $$1, $$2 }' Makefile

demo: $(VENV)/pendulum ## the pendulum by three routes
	rm -rf build/demo
	$(RUN) examples/pendulum/sweep.py build/demo

test: venv ## all tests; with TESTS=tests/parameters those of a room
	$(RUN) -m pytest $(TESTS)

quick: venv ## the tests that take a minute: nothing slow, no C++, no clusters
	$(RUN) -m pytest -m "not (slow or cpp or engines)" $(TESTS)

lint: venv ## ruff and mypy; clang-format and clang-tidy
	$(RUN) -m ruff check
	$(RUN) -m ruff format --check
	$(RUN) -m mypy
	clang-format --dry-run --Werror $(CPP)
	clang-tidy --quiet $(filter cpp/%.hpp,$(CPP)) -- -x c++ -std=c++17 $$($(RUN) -m pybind11 --includes | sed 's/-I/-isystem /g')

bench: $(VENV)/pendulum $(VENV)/bench ## the benchmarks
	$(RUN) benchmarks/run.py --write

docs: $(VENV)/pendulum $(VENV)/docs ## the documentation, in build/docs
	$(RUN) -m sphinx -n -W docs build/docs

clean: ## remove .venv and build
	rm -rf .venv build

$(VENV)/pip:
	$(if $(PYTHON),,$(error no Python >= 3.11 found: install one, or name it with PYTHON=...))
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --upgrade 'pip>=25.1'
	touch $@

$(VENV)/test $(VENV)/docs $(VENV)/bench: $(VENV)/%: $(VENV)/pip pyproject.toml
	$(PIP) install --group $*
	touch $@

$(VENV)/pendulum: $(VENV)/pip pyproject.toml $(BUILT)
	$(PIP) install --group pendulum
	$(PIP) install --no-build-isolation --editable .
	$(PIP) install --no-build-isolation --no-deps ./examples/pendulum
	touch $@
