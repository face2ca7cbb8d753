# Everything runs in .venv, which is made once from requirements.lock.
PYTHON := $(shell python3.11 --version >/dev/null 2>&1 && echo python3.11 || echo python3)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --quiet --no-input --disable-pip-version-check install
# Small matrices gain nothing from threads, and two test processes would fight over the cores.
export OPENBLAS_NUM_THREADS := 1
unexport PIP_FIND_LINKS PIP_CONSTRAINT PYTHONPATH
.DELETE_ON_ERROR:
.PHONY: run test lint lock validation bench mutation clean

run: .venv/.stamp
	$(BIN)/assuage plan --patient examples/crps-inpatient.toml \
	  --regimen crps-inpatient-esketamine-100h --product esketamine-5 --place NL --out out

test: lint
	$(BIN)/assuage warm-up
	$(BIN)/pytest -n 2 --dist loadfile

lint: .venv/.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

validation: .venv/.stamp
	$(BIN)/python -m validation

bench: .venv/.stamp
	status=0; for file in $(filter-out benchmarks/mutation.py,$(wildcard benchmarks/*.py)); do \
	  $(BIN)/python "$$file" || status=1; done; exit $$status

mutation: .venv/.stamp  # before a release; it takes its time
	$(BIN)/python benchmarks/mutation.py

lock:  # needs uv; keeps the pins that still fit
	uv pip compile pyproject.toml --extra dev --python-version 3.11 --universal -q \
	  --fork-strategy fewest --generate-hashes --no-annotate --no-emit-index-url \
	  --no-emit-find-links --custom-compile-command 'make lock' -o requirements.lock

.venv/.stamp: requirements.lock pyproject.toml
	@echo 'Making .venv; this happens once and takes about a minute.'
	@rm -rf .venv && $(PYTHON) -m venv .venv
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

clean:
	rm -rf .venv out dist validation/out .mypy_cache .ruff_cache .pytest_cache .hypothesis
