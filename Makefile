PYTHON ?= python3
BIN := .venv/bin
RESULTS ?= results
JOBS ?= $(shell nproc)
export MPLBACKEND ?= Agg

.PHONY: all install lint docs test clean

all: install
	$(BIN)/tailbound theory verify --json $(RESULTS)/ledger.json
	$(BIN)/tailbound theory results --json $(RESULTS)/beyond.json
	$(BIN)/tailbound empirical run pairs --data digits --out $(RESULTS)
	$(BIN)/tailbound empirical run shift --profile smoke --seeds 3 --out $(RESULTS)
	$(BIN)/tailbound empirical run similarity-or-number --profile smoke --seeds 3 --out $(RESULTS)
	$(BIN)/tailbound empirical verify --results $(RESULTS) --json $(RESULTS)/claims.json
	$(BIN)/tailbound figures all --results $(RESULTS) --out $(RESULTS)/figures
	$(BIN)/tailbound figures report --results $(RESULTS) --out $(RESULTS)/report.html

install: .venv/.installed

.venv/.installed: setup.cfg pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "PYTHON=$(PYTHON) is %d.%d: allowed is 3.11 or later" % sys.version_info[:2])'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --constraint constraints.txt --editable '.[empirical,cluster,slurm,tensorboard,docs,dev]'
	@touch $@

lint: install
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

docs: install
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/_build

test: install lint
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal

clean:
	rm -rf .venv docs/_build docs/api $(RESULTS)
