# The two commands of the README: make run, make test. Both do all set-up on a fresh machine.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test check setup setup-dev bundle clean

run: setup
	$(BIN)/python main.py play --anywhere

test: setup-dev check
	$(BIN)/python -m pytest -n 2 --dist loadgroup

check: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

setup:
	@sh setup.sh run $(PYTHON)

setup-dev:
	@sh setup.sh dev $(PYTHON)

bundle: setup
	@sh tools/bundle/bundle.sh $(BIN)/python

clean:
	rm -rf .venv out build dist
