# The two commands to know: `make demo` and `make test`. Variables: PYTHON, VENV, OUT.

# A clone that belongs to another user is only read: what is made goes to the cache folder then.
PLACE := $(shell if [ -w . ]; then echo .; else echo "$${XDG_CACHE_HOME:-$$HOME/.cache}/clearway"; fi)
VENV ?= $(shell if [ -x .venv/bin/clearway ]; then echo ./.venv; else echo "$(PLACE)/.venv"; fi)
OUT ?= $(PLACE)/out
PYTHON ?= python3
BIN := $(VENV)/bin
export PYTHON VENV
# Half of the time in which pytest collects goes into compiling tests, in each process: what is compiled is kept.
unexport PYTHONDONTWRITEBYTECODE

PYTEST := $(BIN)/pytest -p no:cacheprovider
PARALLEL := -n auto --maxprocesses 8
# Tests that mostly wait share the machine with a second file of tests. A cluster that is given is one for all.
SIDE_BY_SIDE := -n 2 --dist loadfile --no-loadscope-reorder
BESIDE = $(if $(CLEARWAY_TEST_KUBECONFIG),,$(SIDE_BY_SIDE))
# The other tests are in folders of their own (tests/conftest.py sees to that): these are not even read.
NO_TRAFFIC := --ignore tests/lab --ignore tests/cluster
HARNESS = PYTHONPATH=src:. $(BIN)/python -m harness

.PHONY: help setup runtime dev demo demo-kubernetes test unit quick lab lab-beside lab-truth kubernetes cluster-build cluster cluster-down check format lint types imports bench fuzz shape docs lock bare-root clean

help: ## what can be made
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 20

setup: runtime ## what clearway needs to run: Debian packages, virtual environment

runtime:
	@scripts/setup.sh runtime

dev:
	@scripts/setup.sh dev

demo: runtime ## an acceptance of a small lab on this machine: verdict and reports
	@$(BIN)/clearway run --lab --report-dir $(OUT)/demo-$$(date +%Y%m%d-%H%M%S)

# All parts always run, one after the other: what measures wants the machine for itself.
test: dev ## all tests: without traffic, on real traffic, on a real Kubernetes
	@status=0; for part in unit lab kubernetes; do $(MAKE) --no-print-directory $$part || status=1; done; exit $$status

unit:
	@echo "tests without traffic:"
	@$(PYTEST) $(PARALLEL) $(NO_TRAFFIC)

quick:
	@$(PYTEST) $(PARALLEL) --quiet --hypothesis-profile quick $(NO_TRAFFIC) -m "not slow"

lab: dev
	@status=0; for part in beside truth; do $(MAKE) --no-print-directory lab-$$part || status=1; done; exit $$status

lab-beside:
	@echo "tests on real traffic, two at a time:"
	@$(PYTEST) $(SIDE_BY_SIDE) -v --durations 10 -m "not truth" tests/lab

lab-truth:
	@echo "tests that hold a measurement against what is known, one at a time:"
	@$(PYTEST) -v --durations 10 -m truth tests/lab

kubernetes: cluster-build
	@echo "tests on a real Kubernetes, two clusters side by side:"
	@$(PYTEST) $(BESIDE) -v --durations 10 tests/cluster

cluster-build: dev
	@if [ -z "$$CLEARWAY_TEST_KUBECONFIG" ]; then $(HARNESS) build; fi

cluster: cluster-build ## a real Kubernetes on this machine, left running: CLUSTER="--nodes 6 --zones a,b --rate 1Gbit/s"
	@$(HARNESS) up $(CLUSTER)

cluster-down: dev ## ends it, and everything in it
	@$(HARNESS) down

demo-kubernetes: cluster-build ## the same acceptance on a real Kubernetes made for it: from no cluster to none again
	@echo "image: the worker's, made if it is not there yet"
	@image=$$(PYTHONPATH=src:. $(BIN)/python -m image) && \
		$(HARNESS) demo --image "$$image" --report-dir $(OUT)/demo-kubernetes-$$(date +%Y%m%d-%H%M%S)

check: dev ## format, lint, types, import contracts, quick tests
	@$(MAKE) --no-print-directory --jobs 2 --keep-going --output-sync=target types quick format lint imports

format:
	@$(BIN)/ruff format --check --quiet || { $(BIN)/ruff format --check; exit 1; }

lint:
	@$(BIN)/ruff check

types:
	@$(BIN)/mypy

imports:
	@$(BIN)/lint-imports --no-logo

bench: dev ## clearway's own figures held against the tools by hand
	@PYTHONPATH=tests $(BIN)/python -m benchmarks

.PHONY: image
image: ## the worker image, as an archive that ctr, kind, docker and podman load
	@scripts/setup.sh image
	@PYTHONPATH=src:. $(PYTHON) -m image

.PHONY: lock-image
lock-image: ## pins the newest Debian packages that the worker image can be made of
	@PYTHONPATH=src:. $(PYTHON) -m image.resolve

# The minutes of processor time for each reader, the seed of the random inputs, and single readers by their names.
MINUTES ?= 10
SEED ?= 1
TARGETS ?=
fuzz: dev ## text that is nearly right for everything that reads text from outside: MINUTES, SEED, TARGETS="spec cl2"
	@PYTHONPATH=src:tests $(BIN)/python -m fuzz $(MINUTES) $(SEED) $(OUT)/fuzz $(TARGETS)

shape: dev ## how easy the source is to read, in figures: SHAPE="--places", "--json" or "--check"
	@$(BIN)/python -m scripts.shape $(SHAPE)

docs: dev ## the pages that are made of the source, the engines' packages, and the sample report of the READMEs
	@PYTHONPATH=src:. $(BIN)/python -m scripts.pages
	@PYTHONPATH=src:tests $(BIN)/python -m golden.sample

COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --upgrade --generate-hashes \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links pyproject.toml

lock: dev ## pins the newest versions that pyproject.toml allows
	@$(COMPILE) --group build --output-file requirements/runtime.txt
	@$(COMPILE) --group dev --constraints requirements/runtime.txt --output-file requirements/dev.txt

bare-root: ## demo and tests in a minimal Debian made for it (root only)
	@scripts/bare-root.sh

clean: ## removes what was made here: environment, caches, demo reports
	@rm -rf $(VENV) $(OUT) .mypy_cache .ruff_cache .import_linter_cache .hypothesis dist
	@find src tests benchmarks harness image scripts -name __pycache__ -type d -exec rm -rf {} +
