# SPDX-License-Identifier: BSD-2-Clause
# Everything happens in .venv, which is made with the first Python >= 3.11 that is found (or with PYTHON=...).

new_enough = $(shell $(1) -c 'import sys; print("$(1)" if sys.version_info >= (3, 11) else "")' 2>/dev/null)
PYTHON ?= $(firstword $(foreach name,python3 python python3.14 python3.13 python3.12 python3.11,$(call new_enough,$(name))))
SOURCES := $(shell find CMakeLists.txt README.md cpp python examples/pendulum -type f -not -path '*/__pycache__/*')
CPP := $(shell find cpp tests/cpp benchmarks examples -name '*.hpp' -o -name '*.cpp')
RUN := .venv/bin/python
PIP := $(RUN) -m pip --disable-pip-version-check --quiet

export PATH := $(CURDIR)/.venv/bin:$(PATH)

.PHONY: demo test lint bench docs clean

demo: .venv/pendulum
	rm -rf build/demo
	$(RUN) examples/pendulum/sweep.py build/demo

test: .venv/pendulum .venv/test
	$(RUN) -m pytest

lint: .venv/pendulum .venv/test
	$(RUN) -m ruff check
	$(RUN) -m ruff format --check
	$(RUN) -m mypy
	clang-format --dry-run --Werror $(CPP)
	clang-tidy --quiet $(filter cpp/%.hpp,$(CPP)) -- -x c++ -std=c++17 $$($(RUN) -m pybind11 --includes | sed 's/-I/-isystem /g')

bench: .venv/pendulum .venv/bench
	$(RUN) benchmarks/run.py --write

docs: .venv/pendulum .venv/docs
	$(RUN) -m sphinx -n -W docs build/docs

clean:
	rm -rf .venv build

.venv/pip:
	$(if $(PYTHON),,$(error no Python >= 3.11 found: install one, or name it with PYTHON=...))
	$(PYTHON) -m venv .venv
	$(PIP) install --upgrade 'pip>=25.1'
	touch $@

.venv/test .venv/docs .venv/bench: .venv/%: .venv/pip pyproject.toml
	$(PIP) install --group $*
	touch $@

.venv/pendulum: .venv/pip pyproject.toml $(SOURCES)
	$(PIP) install . --group pendulum
	$(PIP) install --no-build-isolation --no-deps ./examples/pendulum
	touch $@
