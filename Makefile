# The same few commands for a newcomer, a contributor and CI. Each sets up what it needs in .venv.
PYTHON ?= python3
ARGS ?=
MERMAID ?= npx --yes @mermaid-js/mermaid-cli@11.17.0
BIN := .venv/bin
BENCH := .venv-bench/bin
MUTATION := .venv-mutation/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: demo test lint unit coverage docs diagrams faults soak fuzz sbom mutation bench format locks clean
.DEFAULT_GOAL := test

demo: .venv/run  ## the whole story of a migration on this machine (ARGS=--once ends by itself)
	$(BIN)/shadow demo $(ARGS)

test: lint unit  ## what CI runs

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: .venv/dev
	$(BIN)/pytest -q -n 3 --dist worksteal $(ARGS)

# Not part of `test`: tracing each branch makes the suite take three times as long.
coverage: .venv/dev  ## the suite again, with branch coverage
	$(BIN)/pytest -q -n 3 --dist worksteal --cov=shadow --cov-report=term:skip-covered $(ARGS)

docs: .venv/dev  ## the documentation as a site in site/; a dead link or anchor is an error
	$(BIN)/zensical build --strict --clean

diagrams: $(patsubst %.mmd,%.svg,$(wildcard docs/diagrams/*.mmd))  ## draws those that changed (needs npx and a Chromium)

# Drawn once and committed: a reader's browser would have to fetch what draws them. The digest says from what.
docs/diagrams/%.svg: docs/diagrams/%.mmd docs/diagrams/style.json
	$(MERMAID) --quiet --input $< --output $@ --configFile docs/diagrams/style.json --backgroundColor white
	echo "<!-- sha256:$$(cat $^ | sha256sum | cut -d' ' -f1) -->" >> $@

faults: .venv/dev  ## every fault in turn under load, and what became of each call (ARGS="--seconds 2 SIGTERM")
	$(BIN)/python -m tests.faults $(ARGS)

soak: .venv/dev  ## mixed traffic with faults on a timetable; nothing may grow (ARGS="--minutes 2")
	$(BIN)/python -m tests.faults.soak $(ARGS)

fuzz: .venv/dev  ## raw bytes and generated messages into everything that reads (ARGS="--seconds 20")
	$(BIN)/python -m tests.fuzz $(ARGS)

mutation: .venv-mutation/ready  ## what no test notices in compare and protocol: hours (ARGS="--sample compare.merge")
	$(MUTATION)/python -m tests.mutation $(ARGS)

sbom: .venv/dev  ## what an installation consists of, out of the lock: sbom.json in CycloneDX
	requirements/sbom.sh sbom.json

bench: .venv-bench/ready  ## what parts cost, then the proxy beside nginx (ARGS="--objects 50 --callers 5")
	$(BENCH)/pytest -q -c benchmarks/pytest.ini benchmarks/test_micro.py
	$(BENCH)/python -m benchmarks.macro $(ARGS)

format: .venv/dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

locks:  ## renews requirements/*.txt (needs uv)
	requirements/compile.sh --upgrade

# A stamp per lock: the second time nothing is installed. pip refuses an editable project under --require-hashes,
# so the locks come first and the package after them, resolving nothing and fetching no build backend.
.venv/run: requirements/run.txt pyproject.toml | .venv/bin/python
	@test -e .venv/dev || $(PIP) install --require-hashes -r requirements/run.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

.venv/dev: requirements/dev.txt pyproject.toml | .venv/bin/python
	$(PIP) install --require-hashes -r requirements/dev.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

# The package is not installed there: what runs is a copy of it, broken on purpose.
.venv-mutation/ready: requirements/mutation.txt
	$(PYTHON) -m venv .venv-mutation
	$(MUTATION)/python -m pip --disable-pip-version-check --quiet install --require-hashes -r requirements/mutation.txt
	@touch $@

# Apart from .venv: what measures has no business in the tests.
.venv-bench/ready: requirements/bench.txt pyproject.toml
	$(PYTHON) -m venv .venv-bench
	$(BENCH)/python -m pip --disable-pip-version-check --quiet install --require-hashes -r requirements/bench.txt
	$(BENCH)/python -m pip --quiet install --no-deps --no-build-isolation --editable .
	@touch $@

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "shadow needs Python 3.11 or newer")'
	$(PYTHON) -m venv .venv

clean:
	rm -rf .venv .venv-bench .venv-mutation mutants .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage* .cache site
