# Two commands do everything: `make` and `make test`. Both build .venv first when it is missing or stale.
# All paths are relative to this folder: from another one `make -f` would delete and install there.
ifeq (,$(and $(filter Makefile ./Makefile $(CURDIR)/Makefile,$(lastword $(MAKEFILE_LIST))),$(wildcard scripts/install.py)))
$(error this Makefile works in its own folder alone: make -C FOLDER, not make -f FOLDER/Makefile)
endif

# Set on the command line only: a variable of such a name in the environment is meant for something else.
PYTHON = python3
CORES =
CONFIG = config/full.yaml
TARGET =
CLAIM =
ROOT_SEED =
DRAWS =
EQUATION_DRAWS =
ROOTS =
PROFILE =
# A word of a command in quotes, blanks and quotes in it included.
quoted = '$(subst ','\'',$(1))'
config = $(call quoted,$(CONFIG))
targets = $(foreach target,$(TARGET),$(call quoted,$(target)))
# Another root seed than that of the configuration: `make quick ROOT_SEED=11` fills results/quick-root-11.
ROOT = $(if $(ROOT_SEED),--root-seed=$(call quoted,$(ROOT_SEED)))
ifneq (,$(and $(ROOT_SEED),$(filter archive report draws preregister,$(MAKECMDGOALS))))
$(error ROOT_SEED: 'make $(MAKECMDGOALS)' is of a run with the root seed of its configuration)
endif
# Goals that take long refuse what they would not read: $(call unread,VARIABLE,GOALS,THOSE THAT READ IT).
goals := $(or $(MAKECMDGOALS),full)
unread = $(if $(and $(filter command,$(origin $(1))),$(filter $(2),$(goals))),$(error \
	$(1): 'make $(firstword $(filter $(2),$(goals)))' does not read it; it is for $(3)))
$(call unread,CONFIG,full quick benchmark-check,make run CONFIG=config/mine.yaml)
$(call unread,TARGET,full quick strict draws verify benchmark,make run and make plan)
$(call unread,CLAIM,full quick run strict draws benchmark,make verify)
$(foreach variable,DRAWS EQUATION_DRAWS ROOTS SHIPPED,$(call unread,$(variable),full quick run strict verify benchmark,make draws))
# Many root seeds: as many as the configuration says, another number, or these; and more of what needs no training.
DRAWN = $(if $(DRAWS),--draws=$(call quoted,$(DRAWS))) $(if $(ROOTS),--roots=$(call quoted,$(ROOTS))) \
	$(if $(EQUATION_DRAWS),--equation-draws=$(call quoted,$(EQUATION_DRAWS)))
# As many jobs at a time as there are cores, unless CORES or PROFILE is set.
WHERE = $(if $(PROFILE),--profile=$(call quoted,$(PROFILE)),$(if $(CORES),--cores=$(call quoted,$(CORES))))
VENV := .venv
BIN := $(VENV)/bin
# Stamps named by a checksum of what was installed and of this folder: what is installed is stale when a file has other
# contents, not when it was touched, and where it was moved or copied to, since it holds the path of its Python.
stamp = $(firstword $(shell { pwd -P; cat $(1); } | cksum))
LOCKED := $(VENV)/locked-$(call stamp,requirements.lock)
READY := $(VENV)/ready-$(call stamp,requirements.lock pyproject.toml scripts/install.py)
# Stamps of an environment whose Python is no more say nothing.
$(shell test -x $(BIN)/python || rm -f $(VENV)/locked-* $(VENV)/ready-*)

# neural-tangents runs with an old jax and numpy only, which have no wheels for Python 3.13.
CROSSCHECK := .venv-crosscheck/ready-$(call stamp,crosscheck/requirements.txt)
ARCHIVE := .venv-archive/ready-$(call stamp,archive/requirements.txt)
DOCS := .venv-docs/ready-$(call stamp,docs/requirements.txt)

export PATH := $(CURDIR)/$(BIN):$(PATH)
# A python on the path may be a script of the shell, which would read a file of the user's first.
unexport BASH_ENV ENV
# A command in the one clean environment: see there.
CLEAN = python -IS src/ssl_dynamics/engine/clean_environment.py

# Where pip finds packages.
INDEX = PIP_INDEX_URL PIP_EXTRA_INDEX_URL PIP_FIND_LINKS PIP_TRUSTED_HOST PIP_CERT PIP_CLIENT_CERT PIP_PROXY

.DEFAULT_GOAL := full
.PHONY: full quick run strict draws preregister test test-all lint benchmark benchmark-check benchmark-baseline crosscheck plan check verify reference reference-draws schema snapshot report changes readme docs picture lock try-pythons mutants archive archive-environment help clean

# Bytecode is written at the installation alone: on a full disk Python leaves truncated files of it.
full quick run strict draws preregister plan check verify reference reference-draws: export PYTHONDONTWRITEBYTECODE := 1

full: $(READY)  ## the replication, into results/full: about half an hour on 2 cores (on a cluster: make PROFILE=profiles/slurm)
	@$(CLEAN) ssl-dynamics run config/full.yaml $(ROOT) $(WHERE)

quick: $(READY)  ## the same pipeline at small size, into results/quick: about two minutes (ROOT_SEED=11: another root seed)
	@$(CLEAN) ssl-dynamics run config/quick.yaml $(ROOT) $(WHERE)

run: $(READY)  ## a configuration of your own: make run CONFIG=config/mine.yaml [TARGET=results/mine/...]
	@$(CLEAN) ssl-dynamics run $(config) $(targets) $(ROOT) $(WHERE)

strict: $(READY)  ## a run that exits with an error if any claim does not hold, even a known one (CONFIG as for run)
	@$(CLEAN) ssl-dynamics run $(config) --strict $(ROOT) $(WHERE)

draws: $(READY)  ## run a configuration with many root seeds: what will hold for the next one (CONFIG; DRAWS=20, ROOTS="7 99 2024" or ROOTS=registered; EQUATION_DRAWS=300; SHIPPED=yes: without those in the reference)
	@$(CLEAN) ssl-dynamics draws $(config) $(DRAWN) $(if $(SHIPPED),--shipped) $(WHERE)

preregister: $(READY)  ## write criteria and root seeds into the register; commit it before make draws (CONFIG, DRAWS, ROOTS, EQUATION_DRAWS)
	@$(CLEAN) ssl-dynamics preregister $(config) $(DRAWN)

test: $(READY)  ## fast tests
	@$(CLEAN) pytest -m "not slow" -n 2 --dist worksteal

# One test installs the project anew, from the user's index.
test-all: $(READY)  ## every test, the slow ones included
	@SSL_DYNAMICS_KEEP="$$SSL_DYNAMICS_KEEP $(INDEX)" $(CLEAN) pytest -n 2 --dist worksteal

mutants: $(READY)  ## check that each wrong formula of scripts/mutants.yaml fails a test; writes reports/mutants.json
	@$(CLEAN) python scripts/mutants.py

lint: $(READY)  ## ruff, mypy, snakefmt, snakemake --lint, nbstripout, import contracts
	$(CLEAN) ruff check .
	$(CLEAN) ruff format --check .
	$(CLEAN) mypy
	$(CLEAN) snakefmt --check Snakefile workflow
	$(CLEAN) snakemake --lint
	$(CLEAN) nbstripout --verify workflow/notebooks/*.ipynb
	$(CLEAN) lint-imports

benchmark: $(READY) $(CROSSCHECK)  ## compare with peers and the limits of the machine: results/benchmark, docs/benchmark.md (about a quarter of an hour)
	@$(CLEAN) python -m benchmarks measure $(config)

benchmark-check: $(READY) $(CROSSCHECK)  ## check that no ratio has left its margin in benchmarks/baseline.json
	@$(CLEAN) python -m benchmarks check

benchmark-baseline: $(READY)  ## make the last benchmark the new baseline
	@$(CLEAN) python -m benchmarks baseline

crosscheck: $(READY) $(CROSSCHECK)  ## compare tangent kernels with the library neural-tangents, in an environment of its own
	@$(CLEAN) python crosscheck/write_kernels.py .venv-crosscheck/kernels.npz
	@$(CLEAN) .venv-crosscheck/bin/python crosscheck/compare.py .venv-crosscheck/kernels.npz

plan: $(READY)  ## list the stages that a run would run now, and why (CONFIG, TARGET as for run)
	@$(CLEAN) ssl-dynamics plan $(config) $(targets) $(ROOT)

check: $(READY)  ## check in seconds that every artifact of a run is unchanged and made by the present code and pins (CONFIG)
	@$(CLEAN) ssl-dynamics check $(config) $(ROOT)

verify: $(READY)  ## recompute what is missing or stale and compare with results/reference (CLAIM=A3-order-1: one claim alone)
	@$(CLEAN) ssl-dynamics verify $(config) $(ROOT) $(WHERE) $(if $(CLAIM),--claim=$(call quoted,$(CLAIM)))

reference: $(READY)  ## make a finished and checked run the new reference of its configuration (CONFIG)
	@$(CLEAN) ssl-dynamics reference $(config) $(ROOT)

reference-draws: $(READY)  ## make the draws of a sweep those of the reference, which stays as it is otherwise (CONFIG)
	@$(CLEAN) ssl-dynamics reference $(config) --draws-alone

archive: $(READY) $(ARCHIVE)  ## pack a finished run for a deposit, as a validated RO-Crate: archives/full.zip (CONFIG=config/quick.yaml: another)
	@$(CLEAN) python archive/inventory.py $(config) archives/inventory.json
	@$(CLEAN) .venv-archive/bin/python archive/build.py archives/inventory.json archives

report: $(READY)  ## write Snakemake's own report of a finished run: reports/full.zip (CONFIG=config/quick.yaml: another)
	@$(CLEAN) ssl-dynamics report $(config)

schema: $(READY)  ## write workflow/schemas/config.schema.json from the types
	@$(CLEAN) ssl-dynamics schema > workflow/schemas/config.schema.json

snapshot: $(READY)  ## write the jobs of the shipped configurations into tests/snapshots, for a test to compare
	@for name in quick full; do $(CLEAN) python tests/dry_run.py config/$$name.yaml > tests/snapshots/$$name.txt 2> /dev/null || exit 1; done

changes: $(READY)  ## write docs/changes-after-results.md from the register
	@$(CLEAN) python -c 'from ssl_dynamics.claims.changes import register; print(register(), end="")' > docs/changes-after-results.md

readme: $(READY)  ## write the verdicts and figures of results/full, and the figure of the quick draws, into README.md and docs/
	@$(CLEAN) python -m scripts.update_readme

docs: $(DOCS)  ## build the documentation site: reports/docs/index.html; a broken link is an error
	@$(call quoted,$(PYTHON)) -IS src/ssl_dynamics/engine/clean_environment.py env NO_MKDOCS_2_WARNING=1 .venv-docs/bin/mkdocs --quiet build --strict
	@echo "reports/docs/index.html"

picture: $(READY)  ## take the still picture of results/full/explorer.html, docs/figures/explorer.png, with Chromium
	@$(CLEAN) python scripts/picture_explorer.py

lock: $(READY)  ## resolve requirements.in into requirements.lock and environment.yml
	@python -I scripts/lock.py

try-pythons: $(READY)  ## install the library alone and run its tests, on each supported Python that is here
	@python -I scripts/try_pythons.py

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*  ## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 25

clean:  ## remove results, archives, the site, caches and the environments
	rm -rf $(VENV) .venv-crosscheck .venv-archive .venv-docs archives reports/docs
	rm -rf .snakemake .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find results -mindepth 1 -maxdepth 1 ! -name README.md ! -name reference -exec rm -rf {} +
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Lock first, then the package itself without its dependencies.
$(READY): | $(LOCKED)
	@$(call quoted,$(PYTHON)) -I scripts/install.py $(VENV)
	@rm -f $(VENV)/ready-*
	@touch $@

# Recipe of an environment: $(call environment,FOLDER,REQUIREMENTS,PIP OPTIONS). Python is checked first.
define environment
	@rm -rf $(1)
	@$(call quoted,$(PYTHON)) -I scripts/install.py $(1) $(2) $(3)
	@touch $@
endef

# $(call python-3.11,TARGET): Python 3.11 or newer, as for `make TARGET`.
define python-3.11
	@$(call quoted,$(PYTHON)) -I -c 'import sys; v = sys.version_info; sys.exit(0 if v >= (3, 11) else f"Python 3.11 or newer is needed; {sys.executable} is {v.major}.{v.minor}. Name another: make$(1) PYTHON=python3.12")'
endef

$(LOCKED):
	$(call python-3.11)
	@echo "installing into $(VENV), once: about a minute"
	$(call environment,$(VENV),requirements.lock)

$(CROSSCHECK):
	@$(call quoted,$(PYTHON)) -I -c 'import sys; v = sys.version_info; sys.exit(0 if (3, 11) <= v < (3, 13) else f"Python 3.11 or 3.12 is needed; {sys.executable} is {v.major}.{v.minor}. Name another: make crosscheck PYTHON=python3.11")'
	$(call environment,.venv-crosscheck,crosscheck/requirements.txt,--no-deps)

archive-environment: $(ARCHIVE)

$(ARCHIVE):
	$(call python-3.11, archive)
	$(call environment,.venv-archive,archive/requirements.txt,--no-deps)

$(DOCS):
	$(call python-3.11, docs)
	$(call environment,.venv-docs,docs/requirements.txt,--no-deps)
