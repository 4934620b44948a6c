# Two commands do everything: `make` and `make test`. Both build .venv first when it is missing or stale.
PYTHON ?= python3
CORES ?= $(shell $(PYTHON) -c 'import os; print(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count())')
CONFIG ?= config/full.yaml
TARGET ?=
CLAIM ?=
ROOT_SEED ?=
PROFILE ?=
# Another root seed than that of the configuration: `make quick ROOT_SEED=11` fills results/quick-root-11.
ROOT = $(if $(ROOT_SEED),--root-seed='$(ROOT_SEED)')
ifneq (,$(and $(ROOT_SEED),$(filter archive report,$(MAKECMDGOALS))))
$(error ROOT_SEED: 'make $(MAKECMDGOALS)' is of a run with the root seed of its configuration)
endif
WHERE = $(if $(PROFILE),--profile $(PROFILE),--cores $(CORES))
VENV := .venv
BIN := $(VENV)/bin
# Stamps named by checksum: what is installed is stale when a file has other contents, not when it was touched.
LOCKED := $(VENV)/locked-$(firstword $(shell cksum requirements.lock))
READY := $(VENV)/ready-$(firstword $(shell cat requirements.lock pyproject.toml | cksum))

# neural-tangents runs with an old jax and numpy only, which have no wheels for Python 3.13.
CROSSCHECK := .venv-crosscheck/ready-$(firstword $(shell cksum crosscheck/requirements.txt))
ARCHIVE := .venv-archive/ready-$(firstword $(shell cksum archive/requirements.txt))

export PATH := $(CURDIR)/$(BIN):$(PATH)
# One thread a process, as in every job: two test workers with threads of their own wait for each other.
export OMP_NUM_THREADS := 1

.DEFAULT_GOAL := full
.PHONY: full quick run strict test test-all lint benchmark benchmark-check benchmark-baseline crosscheck plan check verify reference schema snapshot report changes readme lock mutants archive help clean

# Bytecode is written at the installation alone: on a full disk Python leaves truncated files of it.
full quick run strict plan check verify reference: export PYTHONDONTWRITEBYTECODE := 1

full: $(READY)  ## replicate everything: results/full, about twenty minutes on 2 cores (on a cluster: make PROFILE=profiles/slurm)
	@ssl-dynamics run config/full.yaml $(ROOT) $(WHERE)

quick: $(READY)  ## the same pipeline at small size: results/quick, about a minute (ROOT_SEED=11: with another root seed)
	@ssl-dynamics run config/quick.yaml $(ROOT) $(WHERE)

run: $(READY)  ## a configuration of your own: make run CONFIG=config/mine.yaml [TARGET=results/mine/...]
	@ssl-dynamics run $(CONFIG) $(TARGET) $(ROOT) $(WHERE)

strict: $(READY)  ## a run that fails if any claim does not pass, a known one too (CONFIG as for run)
	@ssl-dynamics run $(CONFIG) --strict $(ROOT) $(WHERE)

test: $(READY)  ## fast tests
	@pytest -m "not slow" -n 2 --dist worksteal

test-all: $(READY)  ## every test, the slow ones included
	@pytest -n 2 --dist worksteal

mutants: $(READY)  ## does every wrong formula of scripts/mutants.yaml fail a test; writes reports/mutants.json
	@python scripts/mutants.py

lint: $(READY)  ## ruff, mypy, snakefmt, snakemake --lint, nbstripout, import contracts
	ruff check .
	ruff format --check .
	mypy
	snakefmt --check Snakefile workflow
	snakemake --lint
	nbstripout --verify workflow/notebooks/*.ipynb
	lint-imports

benchmark: $(READY) $(CROSSCHECK)  ## ours against peers and the machine's limits: results/benchmark, docs/benchmark.md (about 8 minutes)
	@python -m benchmarks measure $(CONFIG)

benchmark-check: $(READY) $(CROSSCHECK)  ## have the ratios of benchmarks/baseline.json fallen past their margins
	@python -m benchmarks check

benchmark-baseline: $(READY)  ## make the last benchmark the one that others are compared with
	@python -m benchmarks baseline

crosscheck: $(READY) $(CROSSCHECK)  ## tangent kernels against the library neural-tangents, in an environment of its own
	@python crosscheck/write_kernels.py .venv-crosscheck/kernels.npz
	@.venv-crosscheck/bin/python crosscheck/compare.py .venv-crosscheck/kernels.npz

plan: $(READY)  ## say which stages a run would run now, and why (CONFIG, TARGET as for run)
	@ssl-dynamics plan $(CONFIG) $(TARGET) $(ROOT)

check: $(READY)  ## in seconds: is every artifact of a run as it was made, of the present code and pins
	@ssl-dynamics check $(CONFIG) $(ROOT)

verify: $(READY)  ## recompute what is missing or stale, compare with results/reference (CLAIM=A3-order-1: that claim alone)
	@ssl-dynamics verify $(CONFIG) $(ROOT) $(WHERE) $(if $(CLAIM),--claim $(CLAIM))

reference: $(READY)  ## make a finished, checked run the reference of its configuration
	@ssl-dynamics reference $(CONFIG) $(ROOT)

archive: $(READY) $(ARCHIVE)  ## a finished run as an RO-Crate to deposit, validated: archives/full.zip (CONFIG=config/quick.yaml: another)
	@python archive/inventory.py $(CONFIG) archives/inventory.json
	@.venv-archive/bin/python archive/build.py archives/inventory.json archives

report: $(READY)  ## Snakemake's own report of a finished run: reports/full.zip (CONFIG=config/quick.yaml: of another)
	@mkdir -p reports
	@snakemake --configfile $(CONFIG) --report reports/$(basename $(notdir $(CONFIG))).zip --quiet all

schema: $(READY)  ## write workflow/schemas/config.schema.json from the types
	@ssl-dynamics schema > workflow/schemas/config.schema.json

snapshot: $(READY)  ## write the jobs of the shipped configurations into tests/snapshots, which a test compares
	@for name in quick full; do python tests/dry_run.py config/$$name.yaml > tests/snapshots/$$name.txt 2> /dev/null || exit 1; done

changes: $(READY)  ## write docs/changes-after-results.md from the register
	@python -c 'from ssl_dynamics.claims.changes import register; print(register(), end="")' > docs/changes-after-results.md

readme: $(READY)  ## put the verdicts and figures of results/full into README.md
	@python scripts/update_readme.py

lock: $(READY)  ## resolve requirements.in anew into requirements.lock and environment.yml
	@python scripts/lock.py

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*  ## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 25

clean:  ## remove results, archives, caches and .venv
	rm -rf $(VENV) .venv-crosscheck .venv-archive archives
	rm -rf .snakemake .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find results -mindepth 1 -maxdepth 1 ! -name README.md ! -name reference -exec rm -rf {} +
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Lock first, then the package itself without its dependencies.
$(READY): | $(LOCKED)
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@$(BIN)/python -m compileall -q src
	@touch $@

# Recipe of an environment: $(call environment,FOLDER,REQUIREMENTS,PIP OPTIONS). Python is checked first.
define environment
	@rm -rf $(1)
	@$(PYTHON) -m venv $(1)
	@$(1)/bin/pip install --quiet --disable-pip-version-check $(3) -r $(2)
	@touch $@
endef

# $(call python-3.11,TARGET): Python 3.11 or newer, as for `make TARGET`.
define python-3.11
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if v >= (3, 11) else f"Python 3.11 or newer is needed; {sys.executable} is {v.major}.{v.minor}. Name another: make$(1) PYTHON=python3.12")'
endef

$(LOCKED):
	$(call python-3.11)
	@echo "installing into $(VENV), once: about a minute"
	$(call environment,$(VENV),requirements.lock)

$(CROSSCHECK):
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if (3, 11) <= v < (3, 13) else f"Python 3.11 or 3.12 is needed; {sys.executable} is {v.major}.{v.minor}. Name another: make crosscheck PYTHON=python3.11")'
	$(call environment,.venv-crosscheck,crosscheck/requirements.txt,--no-deps)

$(ARCHIVE):
	$(call python-3.11, archive)
	$(call environment,.venv-archive,archive/requirements.txt,--no-deps)
