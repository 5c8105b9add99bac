# Builds the archive: `make html`. Other targets: `make help`.

# What may be given. Recipes read all of it from the environment, as "$$OUTPUT": nothing of it becomes
# a part of a shell's command, nor of this file.
VARIABLES := SECPACK XSA XSA_JSON PROFILE THEME OUTPUT SEARCH GZIP AS_OF SITEURL PUBLIC KEEP PLAN ON PORT \
	PYTEST ATOM_RNG OSV_SCHEMA MINUTES RUNS SIZES UPGRADE PYTHON
OUTPUT ?= output
PUBLIC ?= public
KEEP ?= 3
PORT ?= 8000
MINUTES ?= 10
PYTHON ?= python3
$(foreach name,$(VARIABLES),$(eval override $(name) := $$(value $(name))))
export $(VARIABLES)

# What was given on the command line, and may not be: perhaps mistyped.
UNKNOWN := $(filter-out $(VARIABLES),$(foreach name,$(.VARIABLES),$(if $(filter command,$(origin $(name))),$(name))))
export VARIABLES UNKNOWN
# They are refused, and what they hold is not expanded for the program that says so.
unexport $(UNKNOWN)

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# A build would take these for a change of its surroundings.
APART := env $(addprefix -u ,VARIABLES UNKNOWN PLAN ON PORT PYTEST MINUTES RUNS SIZES UPGRADE PYTHON)
# No shell stays between make and a program that runs for long: a signal that ends make would end the
# shell, and the program would go on. So they start without one, or with exec.
BUILD := $(APART) $(BIN)/python -m bulletins.build
PUBLISH := $(APART) SEARCH=1 $(BIN)/python -m bulletins.publish
PYTESTS := $(BIN)/python -m pytest
PARALLEL := --numprocesses=auto --dist=worksteal
OFFLINE := { echo "Not installed: see above, and whether there is a network; packages come from PyPI" >&2; exit 1; }
CHECK_PORT := $(BIN)/python -c 'import os, socket; socket.create_server(("127.0.0.1", int(os.environ["PORT"])))' 2>/dev/null || \
	{ printf 'Port %s cannot be used, perhaps because another program uses it: choose another, as PORT=8001\n' "$$PORT" >&2; exit 1; }
SERVE := exec $(BIN)/python -m http.server --bind 127.0.0.1 --directory="$$OUTPUT" "$$PORT"
REFUSE := "$$PYTHON" -c 'import difflib, os, sys; \
	name, known = os.environ["UNKNOWN"].split()[0], os.environ["VARIABLES"].split(); \
	near = difflib.get_close_matches(name.upper(), known, 1, 0.5); \
	hint = f"; did you mean {near[0]}?" if near else ";"; \
	sys.exit(f"{name!a}: there is no such variable{hint} make help lists them all")'

.PHONY: help html serve devserver publish rollback reproducible check test test-all fuzz lint bench peers accuracy \
	weights judges golden lock clean known

known:
	@$(if $(UNKNOWN),$(REFUSE))

help: known ## Show what there is to make
	@echo "Targets:"
	@awk -F ':.*## ' '/^[a-z-]*:.*## / { printf "  make %-14s%s\n", $$1, $$2 }' Makefile
	@echo "Variables:"
	@echo "  SECPACK=DIR     the security pack (default: the demo in content/secpack)"
	@echo "  XSA=FILE        tracker data, as xsa.yml (default: the demo's, or none with SECPACK)"
	@echo "  XSA_JSON=FILE   the Xen Project's list, xsa.json, for titles and CVEs (default: as XSA)"
	@echo "  PROFILE=FILE    the issuer (default: content/qubes.toml with SECPACK, else the demo's)"
	@echo "  OUTPUT=DIR      where the site goes (default: output)"
	@echo "  PUBLIC=LINK     for publish: where the site is public (default: public)"
	@echo "  SITEURL=URL     the site's public URL, for feeds and exports (default: none)"
	@echo "  KEEP=NUMBER     for publish: how many older versions are kept (default: 3)"
	@echo "  PLAN=1          for publish: only show what would change"
	@echo "  GZIP=1          write compressed copies beside the files, for the server"
	@echo "  SEARCH=1        index all words, so that the page search/ finds them"
	@echo "  AS_OF=DATE      leave out what was published after that day"
	@echo "  ON=DATE         for check: is the canary late on that day, or security.txt?"
	@echo "  SIZES=NUMBERS   for bench: measure also with synthetic packs of so many bulletins"
	@echo "  RUNS=NUMBER     for bench: how often each is measured (default: by size)"
	@echo "  PORT=NUMBER     for serve and devserver (default: 8000)"
	@echo "  THEME=THEME     another Pelican theme: a name, or a folder (default: theme)"
	@echo "  MINUTES=NUMBER  for fuzz: how long (default: 10)"
	@echo "  PYTEST=OPTIONS  for test and test-all: options of pytest"
	@echo "  PYTHON=PROGRAM  Python 3.11 or later, for the first use (default: python3)"

html: $(VENV)/installed $(if $(SEARCH),$(VENV)/installed-search) ## Build the site
	@$(BUILD)

serve: html ## Build the site, then show it at http://127.0.0.1:PORT/
	@$(CHECK_PORT)
	@echo "http://127.0.0.1:$$PORT/ (Ctrl-C to stop)"
	@$(SERVE)

devserver: html ## Like serve; builds again whenever a source changes
	@$(CHECK_PORT)
	@echo "http://127.0.0.1:$$PORT/ (Ctrl-C to stop)"
	@$(SERVE) & server=$$!; \
	$(BIN)/watchfiles --verbosity warning --target-type command "$(BUILD)" content theme plugins pelicanconf.py \
		$${SECPACK:+"$$SECPACK"} $${XSA:+"$$XSA"} $${XSA_JSON:+"$$XSA_JSON"} $${PROFILE:+"$$PROFILE"} & watcher=$$!; \
	trap 'kill $$server $$watcher 2>/dev/null; exit' EXIT INT TERM; wait $$server

publish: $(VENV)/installed-search ## Build strictly, compare with what is public, replace it in one step
	@$(PUBLISH) $(if $(PLAN),--plan)

rollback: $(VENV)/installed ## Make the version before the public one public again
	@$(PUBLISH) --rollback

reproducible: $(VENV)/installed-search ## Build in other surroundings, and compare every byte
	@env SEARCH=1 GZIP=1 $(BIN)/python -m bulletins.build.reproducible

check: $(VENV)/installed ## Verify the pack, and tell what to look at before it is published
	@exec $(BIN)/secpack check $(if $(ON),--on="$$ON") \
		--profile="$${PROFILE:-content/$(if $(SECPACK),qubes,demo).toml}" \
		$(if $(or $(XSA),$(if $(SECPACK),,demo)),--xsa="$${XSA:-content/xsa.yml}") \
		$(if $(or $(XSA_JSON),$(if $(SECPACK),,demo)),--xsa-json="$${XSA_JSON:-content/xsa.json}") \
		-- "$${SECPACK:-content/secpack}"

test: $(VENV)/installed-dev ## Run the tests, but for the slow ones
	@exec env PYTEST_ADDOPTS="$(PARALLEL) -m 'not slow' $(if $(filter test-all,$(MAKECMDGOALS)),--no-skips) $$PYTEST_ADDOPTS $$PYTEST" $(PYTESTS)

test-all: test ## Run all tests; none may be skipped (needs SECPACK= and XSA=)
	@exec env PYTEST_ADDOPTS="$(PARALLEL) -m 'slow or hypothesis' --hypothesis-profile=all --no-skips $$PYTEST_ADDOPTS $$PYTEST" $(PYTESTS)

fuzz: $(VENV)/installed-dev ## Change the texts of the tests at random, and look for what breaks
	@exec $(BIN)/python -m tests.fuzz --minutes="$$MINUTES"

lint: $(VENV)/installed-dev ## Check style and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/mypy --package benchmarks

bench: $(VENV)/installed ## Measure how long builds take, ours and those of other generators
	@set -f; $(BIN)/python -m benchmarks.speed $(if $(RUNS),--runs="$$RUNS") -- $$SIZES

peers: $(VENV)/installed lock/peers.txt ## Install those for bench that npm and PyPI have (needs npm)
	@$(PIP) install --require-hashes -r lock/peers.txt
	@npm ci --prefix benchmarks/peers --ignore-scripts --no-audit --no-fund --loglevel=error

accuracy: $(VENV)/installed ## Measure what texts say they address against tracker data
	@$(BIN)/python -m benchmarks.inference

weights: $(VENV)/installed-dev ## Print what the first visit to a page of each kind weighs
	@$(BIN)/python -m tests.browser.weights "$$OUTPUT"

judges: known tests/judges/node_modules/.package-lock.json ## Install what judges pages and links (needs npm)

tests/judges/node_modules/.package-lock.json: tests/judges/package-lock.json
	@npm ci --prefix tests/judges --ignore-scripts --no-audit --no-fund --loglevel=error

golden: $(VENV)/installed-dev ## Write the expected results of golden tests anew; read them before you commit
	@$(BIN)/python -m pytest --golden -q

lock: known ## Resolve the dependencies anew (needs uv)
	@for set in build runtime search dev peers; do \
		uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --quiet \
			--output-file lock/$$set.txt $(if $(UPGRADE),--upgrade) lock/$$set.in || exit 1; \
	done

clean: known ## Remove the site, the virtual environment and caches
	@test ! -e "$$OUTPUT" || test ! -x $(BIN)/python || $(BUILD) --remove
	@rm -rf $(VENV) tests/judges/node_modules benchmarks/peers/node_modules *.egg-info plugins/*.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .fuzz
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/installed: lock/build.txt lock/runtime.txt | known
	@command -v "$$PYTHON" >/dev/null || { printf '%s is missing: install the package python3 (3.11 or later)\n' "$$PYTHON" >&2; exit 1; }
	@"$$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { printf '%s is too old: install Python 3.11 or later, or name it, as PYTHON=python3.12\n' "$$PYTHON" >&2; exit 1; }
	@command -v gpgv >/dev/null || { echo "gpgv is missing: install the package gpgv" >&2; exit 1; }
	@"$$PYTHON" -c 'import venv, ensurepip' 2>/dev/null || { echo "Python's venv is missing: install the package python3-venv" >&2; exit 1; }
	@echo "Installing into $(VENV), once ..."
	@"$$PYTHON" -m venv --clear $(VENV)
	@$(PIP) install --require-hashes -r lock/build.txt || $(OFFLINE)
	@$(PIP) install --require-hashes --no-build-isolation -r lock/runtime.txt || $(OFFLINE)
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/installed-search: $(VENV)/installed lock/search.txt
	@$(PIP) install --require-hashes --no-build-isolation -r lock/search.txt || $(OFFLINE)
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed $(VENV)/installed-search lock/dev.txt
	@echo "Installing what tests need, once ..."
	@$(PIP) install --require-hashes --no-build-isolation -r lock/dev.txt || $(OFFLINE)
	@touch $@
