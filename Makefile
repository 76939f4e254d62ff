# The two commands of the README: make run, make test. Both do all set-up on a fresh machine.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test check fuzz setup setup-dev bundle clean

run: setup
	$(BIN)/python main.py play --anywhere

test: setup-dev check
	$(BIN)/python -m pytest -n 2 --dist loadgroup

check: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

# 20 000 damaged files for the readers of networks; the suite does a tenth of that.
fuzz: setup-dev
	$(BIN)/python -m pytest -m slow tests/properties/test_importers_mutations.py

setup:
	@sh setup.sh run $(PYTHON)

setup-dev:
	@sh setup.sh dev $(PYTHON)

bundle: setup
	@sh tools/bundle/bundle.sh $(BIN)/python

clean:
	rm -rf .venv out build dist
