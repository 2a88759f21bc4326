# Everything runs in .venv; its stamps say what is installed there.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN := $(VENV)/.run
DEV := $(VENV)/.dev
RUNS ?= 25
TRANSITIONS ?= 1000

.DEFAULT_GOAL := help
.PHONY: help demo test check faults fuzz bench trust pages format clean

help: ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 18

demo: $(RUN) ## everything embedded: a simulated launch day with live KPIs
	$(BIN)/pacewatch demo

test: $(DEV) ## all tests; installs its tools if it may, says loudly what it left out
	tests/tools.sh
	$(BIN)/python -m tests.kafka.jars
	$(BIN)/python -m tests.browser.axe
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not long"

check: $(DEV) ## ruff, format, mypy --strict, generated pages
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m grafana.build --check
	$(BIN)/python -m docs.build --check

faults: $(DEV) ## the long fault run on Apache Kafka: make faults RUNS=25
	tests/tools.sh
	$(BIN)/python -m tests.kafka.jars
	PACEWATCH_FAULT_RUNS=$(RUNS) PACEWATCH_FAULT_TRANSITIONS=$(TRANSITIONS) \
	  $(BIN)/python -m pytest tests/faults -s --timeout=0

fuzz: $(DEV) ## fuzz events, record batches and mapping files: make fuzz RUNS=5000000 (brings atheris)
	$(BIN)/pip install -q --disable-pip-version-check atheris
	for target in events batches mappings; do \
	  $(BIN)/python -m tests.fuzz $$target -runs=$(RUNS) -max_len=512 -close_fd_mask=0 || exit 1; done

bench: $(DEV) ## measure, in 10 minutes: make bench, or make bench ONLY=memory,growth
	tests/tools.sh
	$(BIN)/python -m tests.kafka.jars
	$(BIN)/python -m bench $(if $(ONLY),--only $(ONLY))

trust: $(DEV) ## how often alerts cry wolf, and how soon they tell: docs/trust.md, in 10 minutes
	$(BIN)/python -m bench.trust --write

pages: $(DEV) ## write what is generated: reference pages, JSON Schema, dashboards
	$(BIN)/python -m docs.build
	$(BIN)/python -m grafana.build

format: $(DEV) ## mend what ruff can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## remove the environment and caches
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(RUN): $(VENV)/bin/python pyproject.toml constraints.txt
	$(BIN)/pip install -q --disable-pip-version-check -c constraints.txt -e '.[embedded]'
	@touch $@

$(DEV): $(VENV)/bin/python pyproject.toml constraints.txt
	$(BIN)/pip install -q --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@ $(RUN)
