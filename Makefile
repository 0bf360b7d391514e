# make run: set MIA up if need be, then start her.   make test: everything is checked.   make help
# PYTHON=python3.12 chooses the interpreter, ARGS="--port 9000" is handed to `mia run`.

PYTHON ?= python3
ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
HERSELF := -qq --no-deps --no-build-isolation --editable .

export PYTHON

.DEFAULT_GOAL := help
.PHONY: help setup run test test-torch bench lint format audit lock check-lock clean

help: ## what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(VENV)/.runtime ## virtual environment, MIA, and the embedded models
	@$(BIN)/mia setup --yes

run: $(VENV)/.runtime ## set up if need be, then start MIA
	@$(BIN)/mia setup --yes
	@exec $(BIN)/mia run $(ARGS)

test: $(VENV)/.dev ## everything: style, types, imports, tests on real models, a real browser
	@sh scripts/test.sh

test-torch: ## the tier of tests that need PyTorch
	@sh scripts/test_torch.sh

bench: $(VENV)/.dev ## measure, and print tables
	@$(BIN)/mia setup --yes
	@$(BIN)/python -m bench $(ARGS)

lint: $(VENV)/.dev ## style, types, import direction, rules of this repository
	@sh scripts/lint.sh

format: $(VENV)/.dev ## put every file into the house's style
	@$(BIN)/ruff check --quiet --fix . || true
	@$(BIN)/ruff format --quiet .

audit: $(VENV)/.dev ## licences of all packages, and known holes in the locked versions
	@$(BIN)/python -m scripts.audit

lock: $(VENV)/.dev ## resolve the tested versions anew (UPGRADE=1: newer ones)
	@sh scripts/lock.sh
	@$(MAKE) --no-print-directory check-lock

check-lock: $(VENV)/.dev ## does every pinned version have a wheel on Linux, macOS and Windows?
	@$(BIN)/python -m scripts.check_lock

clean: ## remove what make made; models and settings stay
	rm -rf $(VENV) .venv-torch .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache tests/out
	find src tests bench scripts -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.made:
	@sh scripts/venv.sh $(VENV)
	@touch $@

$(VENV)/.runtime: $(VENV)/.made requirements.lock pyproject.toml
	@echo "Installing MIA's packages (about 200 MB the first time) ..."
	@sh scripts/libraries.sh
	@$(BIN)/python scripts/install.py requirements.lock
	@$(BIN)/python -m pip install $(HERSELF)
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements-dev.lock
	@echo "Installing what tests need ..."
	@$(BIN)/python scripts/install.py requirements-dev.lock
	@touch $@
