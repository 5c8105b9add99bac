# Builds the archive: `make html`. Other targets: `make help`.

# The variables. Recipes read them from the environment, as "$$OUTPUT", so that their values never become
# part of a shell command or of this file.
VARIABLES := SECPACK XSA XSA_JSON PROFILE THEME OUTPUT SEARCH GZIP AS_OF TAGS SITEURL PUBLIC SIGN_WITH FROM KEEP PLAN FORCE ON PORT \
	PYTEST ATOM_RNG OPENVEX_SCHEMA OSV_SCHEMA MINUTES SEED RUNS SIZES INTO UPGRADE PYTHON V
OUTPUT ?= output
PUBLIC ?= public
PORT ?= 8000
MINUTES ?= 10
PYTHON ?= python3
$(foreach name,$(VARIABLES),$(eval override $(name) := $$(value $(name))))
export $(VARIABLES)

# Other variables on the command line, which may be mistyped.
UNKNOWN := $(filter-out $(VARIABLES),$(foreach name,$(.VARIABLES),$(if $(filter command,$(origin $(name))),$(name))))
export VARIABLES UNKNOWN
# They are refused. Their values are not expanded for the program that says so.
unexport $(UNKNOWN)

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet --quiet --retries 2
# These variables must not reach a build, which would take them for a changed environment.
APART := env $(addprefix -u ,VARIABLES UNKNOWN PLAN FROM ON PORT PYTEST MINUTES SEED RUNS SIZES INTO UPGRADE PYTHON V)
# Long programs start without a shell, or with exec: a signal that ends make would end the shell, and the
# program would go on.
BUILD := $(APART) $(BIN)/python -m bulletins.build
PUBLISH := $(APART) SEARCH=1 $(BIN)/python -m bulletins.publish
PYTESTS := $(BIN)/python -m pytest
PARALLEL := --numprocesses=auto --dist=worksteal
# Ends each step of an installation: one sentence if it fails.
OR_SAY := $(if $(V),,>/dev/null 2>&1) || { \
	echo "Not installed: it needs the network, for packages from PyPI, and a writable disk with room; V=1 shows the reason" >&2; exit 1; }
LOCK = "$$PYTHON" -c 'import fcntl; fcntl.flock(9, fcntl.LOCK_EX$1)' 2>/dev/null
# Begins an installation. While another make installs here it waits, and then there may be nothing to do.
# The lock on this file ends with the shell and its programs, so that each installation is one line.
ONE_AT_A_TIME = exec 9<Makefile; \
	$(call LOCK, | fcntl.LOCK_NB) || { echo "Another make is installing here; waiting for it ..." >&2; $(LOCK); }; \
	test ! -e $@ || test -n "$$(find $^ -newer $@)" || exit 0
CHECK_PORT := $(BIN)/python -c 'import os, socket; socket.create_server(("127.0.0.1", int(os.environ["PORT"])))' 2>/dev/null || \
	{ printf 'Port %s cannot be used, perhaps because another program uses it: choose another, as PORT=8001\n' "$$PORT" >&2; exit 1; }
NEEDS = test -n "$$$1" || { echo "make $@ needs $1=; make help describes it" >&2; exit 1; }
SERVE := exec $(BIN)/python -m http.server --bind 127.0.0.1 --directory="$$OUTPUT" "$$PORT"
REFUSE := "$$PYTHON" -c 'import difflib, os, sys; \
	name, known = os.environ["UNKNOWN"].split()[0], os.environ["VARIABLES"].split(); \
	near = difflib.get_close_matches(name.upper(), known, 1, 0.5); \
	hint = f"; did you mean {near[0]}?" if near else ";"; \
	sys.exit(f"{name!a}: there is no such variable{hint} make help lists them all")'

.PHONY: help html serve devserver publish rollback rebuild reproducible check test test-all fuzz replay poll lint bench peers accuracy \
	weights judges golden lock clean known

known:
	@$(if $(UNKNOWN),$(REFUSE))

help: known ## List targets and variables
	@echo "Targets:"
	@awk -F ':.*## ' '/^[a-z-]*:.*## / { printf "  make %-14s%s\n", $$1, $$2 }' Makefile
	@echo "Variables:"
	@echo "  SECPACK=DIR     the security pack (default: the demo in content/secpack)"
	@echo "  XSA=FILE        tracker data, xsa.yml (default: the demo's, or none with SECPACK)"
	@echo "  XSA_JSON=FILE   the Xen Project's list, xsa.json, for titles and CVEs (default: as XSA)"
	@echo "  PROFILE=FILE    the issuer (default: content/qubes.toml with SECPACK, else the demo's)"
	@echo "  OUTPUT=DIR      where the site goes (default: output)"
	@echo "  PUBLIC=LINK     for publish: where the site is public (default: public)"
	@echo "  SITEURL=URL     the site's public URL, for feeds and exports (default: none)"
	@echo "  KEEP=NUMBER     for publish: how many older versions are kept (default: 3)"
	@echo "  PLAN=1          for publish: only show what would change"
	@echo "  GZIP=1          also write compressed copies of files, for the server"
	@echo "  SEARCH=1        index all words, so that the page search/ finds them"
	@echo "  AS_OF=DATE      withhold documents dated after that day"
	@echo "  TAGS=NAMES      show these tags on the commit of the pack, and who signed them"
	@echo "  SIGN_WITH=KEY   for publish: the fingerprint of who signs here, or a file with keys of signers elsewhere"
	@echo "  FROM=FILE       for rebuild: data/manifest.json in a copy of the site"
	@echo "  FORCE=1         for rollback: do not ask"
	@echo "  ON=DATE         for check: report what is late or expired on that day"
	@echo "  SIZES=NUMBERS   for bench: also measure synthetic packs with these numbers of bulletins"
	@echo "  RUNS=NUMBER     for bench: how often to measure each build (default: by size)"
	@echo "  INTO=FILE       for bench: also replace the results in a page, docs/benchmarks.md"
	@echo "  PORT=NUMBER     for serve and devserver (default: 8000)"
	@echo "  THEME=THEME     another Pelican theme: a name, or a folder (default: theme)"
	@echo "  MINUTES=NUMBER  for fuzz: how long (default: 10)"
	@echo "  SEED=NUMBER     for fuzz: the texts of an earlier run (default: others in each run)"
	@echo "  PYTEST=OPTIONS  for test and test-all: options of pytest"
	@echo "  PYTHON=PROGRAM  Python 3.11 or later, for the first use (default: python3)"
	@echo "  V=1             for the first use: show what pip prints"

html: $(VENV)/installed $(if $(SEARCH),$(VENV)/installed-search) ## Build the site
	@$(BUILD)

serve: html ## Build the site, then show it at http://127.0.0.1:PORT/
	@$(CHECK_PORT)
	@echo "http://127.0.0.1:$$PORT/ (Ctrl-C to stop)"
	@$(SERVE)

devserver: html ## Like serve, but build again whenever a source changes
	@$(CHECK_PORT)
	@echo "http://127.0.0.1:$$PORT/ (Ctrl-C to stop)"
	@$(SERVE) & server=$$!; \
	$(BIN)/watchfiles --verbosity warning --target-type command "$(BUILD)" content theme plugins pelicanconf.py \
		$${SECPACK:+"$$SECPACK"} $${XSA:+"$$XSA"} $${XSA_JSON:+"$$XSA_JSON"} $${PROFILE:+"$$PROFILE"} & watcher=$$!; \
	trap 'kill $$server $$watcher 2>/dev/null; exit' EXIT INT TERM; wait $$server

publish: $(VENV)/installed-search ## Build strictly, compare with the public site, replace it in one step
	@$(PUBLISH) $(if $(PLAN),--plan)

rollback: $(VENV)/installed ## Make the previous version public again
	@$(PUBLISH) --rollback

rebuild: $(VENV)/installed-search ## Build a published site again, and compare it with its checksums (needs FROM=)
	@$(call NEEDS,FROM)
	@$(BUILD) --settings publishconf.py --rebuild "$$FROM"

reproducible: $(VENV)/installed-search ## Build again in a different environment, and compare every byte
	@env SEARCH=1 GZIP=1 $(BIN)/python -m tools.reproducible

check: $(VENV)/installed ## Verify the pack, and report what needs attention
	@exec $(BIN)/secpack check $(if $(ON),--on="$$ON") \
		--profile="$${PROFILE:-content/$(if $(SECPACK),qubes,demo).toml}" \
		$(if $(or $(XSA),$(if $(SECPACK),,demo)),--xsa="$${XSA:-content/xsa.yml}") \
		$(if $(or $(XSA_JSON),$(if $(SECPACK),,demo)),--xsa-json="$${XSA_JSON:-content/xsa.json}") \
		-- "$${SECPACK:-content/secpack}"

test: $(VENV)/installed-dev ## Run the quick tests
	@exec env PYTEST_ADDOPTS="$(PARALLEL) -m 'not slow' $(if $(filter test-all,$(MAKECMDGOALS)),--no-skips) $$PYTEST_ADDOPTS $$PYTEST" $(PYTESTS)

test-all: test ## Run all tests; none may be skipped (needs SECPACK= and XSA=)
	@exec env PYTEST_ADDOPTS="$(PARALLEL) -m 'slow or hypothesis' --hypothesis-profile=all --no-skips $$PYTEST_ADDOPTS $$PYTEST" $(PYTESTS)

fuzz: $(VENV)/installed-dev ## Change the texts of the tests at random, and look for what breaks
	@exec $(BIN)/python -m tests.fuzz --minutes="$$MINUTES" $(if $(SEED),--seed="$$SEED")

replay: $(VENV)/installed-dev ## Show what publishing each commit of a pack would have shown (needs SECPACK=)
	@$(call NEEDS,SECPACK)
	@exec $(BIN)/python -m tests.replay "$$SECPACK" "$${PROFILE:-content/qubes.toml}"

poll: $(VENV)/installed-dev ## Publish each commit of a pack that completes a version, and follow feeds and lists (needs SECPACK=)
	@$(call NEEDS,SECPACK)
	@exec $(BIN)/python -m tests.polling "$$SECPACK" "$${PROFILE:-content/qubes.toml}"

lint: $(VENV)/installed-dev ## Check style and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/mypy --package benchmarks --package tools

bench: $(VENV)/installed ## Compare build times with other generators
	@set -f; $(BIN)/python -m benchmarks.speed $(if $(RUNS),--runs="$$RUNS") $(if $(INTO),--into="$$INTO") -- $$SIZES

peers: $(VENV)/installed lock/peers.txt ## Install the generators for bench from npm and PyPI (needs npm)
	@$(PIP) install --require-hashes -r lock/peers.txt
	@npm ci --prefix benchmarks/peers --ignore-scripts --no-audit --no-fund --loglevel=error

accuracy: $(VENV)/installed ## Compare what texts address with the tracker data
	@$(BIN)/python -m benchmarks.inference

weights: $(VENV)/installed-dev ## Print how many bytes a first visit to each kind of page loads
	@$(BIN)/python -m tests.browser.weights "$$OUTPUT"

judges: known tests/judges/node_modules/.package-lock.json $(VENV)/installed-judges ## Install what slow tests need from npm and PyPI

tests/judges/node_modules/.package-lock.json: tests/judges/package-lock.json
	@$(ONE_AT_A_TIME); npm ci --prefix tests/judges --ignore-scripts --no-audit --no-fund --loglevel=error

golden: $(VENV)/installed-dev ## Rewrite the expected results of tests; read the diff before you commit
	@$(BIN)/python -m pytest --golden -q

lock: known ## Lock the dependencies again (needs uv)
	@for set in build runtime search dev judges peers; do \
		from=lock/$$set.in; test $$set != runtime || from=pyproject.toml; \
		uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --quiet \
			--output-file lock/$$set.txt $(if $(UPGRADE),--upgrade) $$from || exit 1; \
	done

clean: known ## Remove the site, the virtual environment and caches
	@test ! -e "$$OUTPUT" || test ! -x $(BIN)/python || $(BUILD) --remove
	@rm -rf $(VENV) tests/judges/node_modules benchmarks/peers/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .fuzz
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/installed: lock/build.txt lock/runtime.txt | known
	@command -v "$$PYTHON" >/dev/null || { printf '%s is missing: install the package python3 (3.11 or later)\n' "$$PYTHON" >&2; exit 1; }
	@"$$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { printf '%s is too old: install Python 3.11 or later, or name it, as PYTHON=python3.12\n' "$$PYTHON" >&2; exit 1; }
	@command -v gpgv >/dev/null || { echo "gpgv is missing: install the package gpgv" >&2; exit 1; }
	@"$$PYTHON" -c 'import venv, ensurepip' 2>/dev/null || { echo "Python's venv is missing: install the package python3-venv" >&2; exit 1; }
	@$(ONE_AT_A_TIME); echo "Installing into $(VENV), once ..."; \
	"$$PYTHON" -m venv --clear $(VENV) $(OR_SAY); \
	$(PIP) install --require-hashes -r lock/build.txt $(OR_SAY); \
	$(PIP) install --require-hashes --no-build-isolation --use-pep517 -r lock/runtime.txt $(OR_SAY); \
	$(PIP) install --no-deps --no-build-isolation --editable . $(OR_SAY); \
	touch $@

$(VENV)/installed-search: $(VENV)/installed lock/search.txt
	@$(ONE_AT_A_TIME); $(PIP) install --require-hashes --no-build-isolation -r lock/search.txt $(OR_SAY); touch $@

$(VENV)/installed-judges: $(VENV)/installed lock/judges.txt
	@$(ONE_AT_A_TIME); $(PIP) install --require-hashes -r lock/judges.txt $(OR_SAY); touch $@

$(VENV)/installed-dev: $(VENV)/installed $(VENV)/installed-search lock/dev.txt
	@$(ONE_AT_A_TIME); echo "Installing the test tools, once ..."; \
	$(PIP) install --require-hashes --no-build-isolation -r lock/dev.txt $(OR_SAY); touch $@
