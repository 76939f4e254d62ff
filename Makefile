# The two commands of the README: make run, make test. Both do all set-up on a fresh machine.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test check fuzz faults setup setup-dev bundle clean

run: setup
	$(BIN)/python main.py play --anywhere --supervise

# Where PYTHONDONTWRITEBYTECODE is set, each of the hundreds of commands that the tests type would compile livegan anew.
test: setup-dev check
	$(BIN)/python -m compileall -q livegan tests
	$(BIN)/python -m pytest -n 2 --dist loadgroup

check: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

# 20 000 damaged files or messages for each reader of what is untrusted; the suite does some hundreds.
fuzz: setup-dev
	$(BIN)/python -m pytest -m slow tests/properties/test_importers_mutations.py tests/properties/test_readers_mutations.py

# The figures of docs/reliability.md, on a machine that does nothing else.
faults: setup-dev
	mkdir -p build && rm -f build/faults.jsonl
	LIVEGAN_FAULTS=$(CURDIR)/build/faults.jsonl $(BIN)/python -m pytest tests/faults
	$(BIN)/python tools/make_fault_table.py build/faults.jsonl docs/reliability.md

setup:
	@sh setup.sh run $(PYTHON)

setup-dev:
	@sh setup.sh dev $(PYTHON)

bundle: setup
	@sh tools/bundle/bundle.sh $(BIN)/python

clean:
	rm -rf .venv out build dist
