# Tactful: every target makes what it needs. Only Python 3.11 or newer and make must be there.
#
#   make demo     a shop to play with           make check    style, types, layers, unit tests
#   make test     every test that can run here  make bench    benchmarks, with ratios
#   make soak     a day of traffic in 30 min    make build    what a release has: dist-py/, dist-js/, dist-manifest.json
#   make format   lay the sources out           make clean    remove what was made
#   make lock     renew the locked packages     make coverage  every branch that decides is tested
#   make test-nodes  PostgreSQL, and several servers on it      make site     the documentation site
#   make bench-nodes  ten minutes of faults between several servers and PostgreSQL
#   make platforms  real shops with their bridges, in a real browser; WORDPRESS=PATH includes
#                   the WordPress with WooCommerce in that folder

PYTHON ?= $(firstword $(foreach name,python3.11 python3.12 python3.13 python3.14 python3,$(shell command -v $(name))))
VENV := .venv
BIN := $(VENV)/bin
TESTS ?= tests
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install
# UNLOCKED=1 takes the newest versions instead of the locked ones: for a package index without them.
UNLOCKED ?=

.PHONY: demo test test-nodes check style unit coverage platforms bench bench-nodes soak build site dist-js format clean lock
.DELETE_ON_ERROR:

demo: $(VENV)/.runtime
	@$(BIN)/tactful demo

# A file's tests stay together on one process.
PROCESSES := -n auto --maxprocesses 4 --dist loadfile
test: $(VENV)/.dev
	@$(BIN)/python -m pytest $(PROCESSES) $(TESTS)

check: style unit

# The part of `make check` that runs no test.
style: $(VENV)/.dev
	@$(BIN)/ruff format --check --quiet . || { echo "make format lays the sources out"; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache > $(VENV)/layers.log || { cat $(VENV)/layers.log; exit 1; }
	@PYTHONPATH=server/bridges/bridge:server/bridges/oscar $(BIN)/lint-imports --no-cache --config server/bridges/importlinter.toml > $(VENV)/layers.log \
	  || { cat $(VENV)/layers.log; exit 1; }

# The tests of `make check` alone, for another Python: make unit VENV=.venv-other PYTHON=/path/to/python
unit: $(VENV)/.dev
	@$(BIN)/python -m pytest -q $(PROCESSES) -m "not slow and not browser and not thorough" --ignore tests/journeys --ignore tests/bench

# The ledger on PostgreSQL under the contract suite, with a database that fails, and with several servers.
NODES := tests/contracts tests/unit/stores/postgres tests/unit/stores/transfer tests/unit/stores/scenarios \
  tests/journeys/test_postgres_outages.py tests/journeys/test_nodes.py tests/journeys/test_nodes_exactly.py \
  tests/journeys/test_nodes_nemesis.py tests/journeys/test_nodes_pooled.py tests/journeys/test_nodes_failover.py \
  tests/journeys/test_postgres_tls.py tests/journeys/test_postgres_away.py
test-nodes: $(VENV)/.dev
	@TACTFUL_REQUIRE=1 TACTFUL_NODE_TRIES=20000 TACTFUL_NEMESIS_S=60 $(BIN)/python -m pytest -q $(PROCESSES) -k "postgres or transfer or node" $(NODES)

# What decides is pure, so nothing excuses a branch that no test takes.
PURE := core rulebook protocol measurement
coverage: $(VENV)/.dev
	@COVERAGE_FILE=$(VENV)/.coverage $(BIN)/python -m pytest -q $(PROCESSES) \
	  $(PURE:%=--cov=tactful.%) --cov-branch --cov-fail-under=100 --cov-report=term-missing:skip-covered \
	  $(PURE:%=tests/unit/%) tests/manuals

# Real shops in a real browser, in an environment of their own; what is installed there is built anew.
PLATFORMS := .venv-platforms
platforms: $(VENV)/.dev $(PLATFORMS)/.made
	@$(PLATFORMS)/bin/python -m pip --disable-pip-version-check --quiet install --force-reinstall --no-deps --no-build-isolation \
	  server/bridges/bridge server/bridges/oscar
	@if command -v npm > /dev/null; then $(MAKE) --silent $(VENDURE)/.made dist-js; fi
	@if [ -f $(VENDURE)/.made ] && [ -d dist-js ]; then for file in dist-js/*.tgz; do \
	  place=$${file#dist-js/tactful-}; place=$(VENDURE)/node_modules/@tactful/$${place%-*.tgz}; \
	  rm -rf $$place && mkdir -p $$place && tar -xzf $$file --strip-components 1 -C $$place || exit 1; done; fi
	@TACTFUL_PLATFORMS=1 $(if $(WORDPRESS),WORDPRESS=$(abspath $(WORDPRESS))) $(BIN)/python -m pytest tests/platforms

# Vendure with its lock; the scripts of its packages only report that their binaries are there.
VENDURE := .vendure-platform
VENDURE_SHOP := tests/platforms/vendure_shop
$(VENDURE)/.made: $(VENDURE_SHOP)/package-lock.json
	@echo "installing $<"
	@mkdir -p $(VENDURE) && cp $(VENDURE_SHOP)/package.json $(VENDURE_SHOP)/package-lock.json $(VENDURE)
	@cd $(VENDURE) && npm ci --ignore-scripts --silent --no-audit --no-fund
	@touch $@

# An environment of its own for what neither the server nor its tests need: .venv-NAME from requirements-NAME.lock.
.venv-%/.made: requirements-%.lock | $(VENV)/bin/python
	@echo "installing $<"
	@$(BIN)/python -m venv $(@D)
	@$(@D)/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes --no-deps -r $<
	@touch $@

# Peers that cannot be had here are named beside the figures.
bench: $(VENV)/.dev
	@$(PIP) --require-hashes --no-deps -r requirements-bench.lock || true
	@command -v npm > /dev/null && cd tests/bench/peers && npm ci --silent --no-audit --no-fund || true
	@$(BIN)/python tests/bench/run.py

# Ten minutes of faults between four nodes and PostgreSQL, and nodes without one guard each.
bench-nodes: $(VENV)/.dev
	@$(BIN)/python tests/bench/bench_nodes.py

soak: $(VENV)/.dev
	@$(BIN)/python tests/bench/soak.py

# The same sources give the same bytes, and dist-manifest.json names the digest of every file.
# tactful.cdx.json is the bill of materials in CycloneDX: what is installed with the server and its driver of PostgreSQL.
AUDIT := .venv-audit
build: $(VENV)/.dev $(AUDIT)/.made
	@rm -rf dist-py dist-js dist-manifest.json
	@for place in . server/bridges/bridge server/bridges/oscar; do \
	  (cd $$place && $(CURDIR)/$(BIN)/hatchling build -t sdist -t wheel -d $(CURDIR)/dist-py > /dev/null) || exit 1; done
	@$(BIN)/python tests/tools/plugin_zip.py dist-py > /dev/null
	@$(AUDIT)/bin/cyclonedx-py requirements requirements-image.lock --pyproject pyproject.toml --output-reproducible \
	  --of JSON -o dist-py/tactful.cdx.json 2> /dev/null
	@if command -v npm > /dev/null; then $(MAKE) --silent dist-js && npm pack --silent --pack-destination dist-js ./widget > /dev/null \
	  && cp widget/dist/v*.js dist-js/; else echo "npm is not installed: no packages in JavaScript"; fi
	@$(BIN)/python tests/tools/release_manifest.py dist-py dist-js > dist-manifest.json
	@ls dist-py dist-js dist-manifest.json

# The packages in JavaScript, which need no build.
JS_BRIDGES := $(patsubst %/package.json,./%,$(wildcard server/bridges/*/package.json))
dist-js:
	@rm -rf dist-js && mkdir dist-js && npm pack --silent --pack-destination dist-js $(JS_BRIDGES) > dist-js/.packed

# The documentation site in .site/site, from the manuals in their folders; a broken link stops it.
SITE := .venv-site
site: $(VENV)/.dev $(SITE)/.made
	@$(BIN)/python server/site/stage.py .site
	@cd .site && $(CURDIR)/$(SITE)/bin/zensical build --strict
	@echo ".site/site/index.html is the first page"

format: $(VENV)/.dev
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --quiet --fix .
	@$(BIN)/python tests/manuals/manual_of_settings.py
	@PYTHONPATH=tests $(BIN)/python tests/manuals/manual_of_facts.py
	@PYTHONPATH=tests $(BIN)/python tests/manuals/manual_of_privacy.py
	@$(BIN)/python tests/manuals/test_rules_manual.py
	@$(BIN)/tactful rules schema --write rules/schema/rules.schema.json
	@if [ -d widget/node_modules ]; then cd widget && npm run --silent fix && cd ../server/bridges && ../../widget/node_modules/.bin/biome check --write --log-level=error .; fi

clean:
	@rm -rf dist-py dist-js dist-manifest.json bench-results .coverage .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .demo .site
	@find server tests examples -name __pycache__ -type d -prune -exec rm -rf {} +

lock: $(VENV)/.dev
	@$(PIP) uv
	@$(BIN)/python tests/tools/lock.py $(BIN)/uv

$(VENV)/bin/python:
	@test -n "$(PYTHON)" && $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; name one: make PYTHON=/path/to/python"; exit 1; }
	@echo "making $(VENV) with $(PYTHON)"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  echo "this Python cannot make environments; on Debian: apt install python3-venv"; exit 1; }

$(VENV)/.runtime: requirements.lock pyproject.toml | $(VENV)/bin/python
	@$(call install,requirements.lock,)
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	@$(call install,requirements-dev.lock,--group dev)
	@touch $@

# $(1): a lock file; $(2): what it was made from. Without the lock, the newest versions.
# A lock names everything, so nothing else is resolved: older pips look past it for `coverage[toml]`.
define install
if [ -n "$(UNLOCKED)" ]; then echo "installing the newest versions, unlocked" && $(PIP) --upgrade pip && $(PIP) "hatchling>=1.27" $(2); \
else echo "installing $(1)"; $(PIP) --require-hashes --no-deps -r $(1) || { \
  echo "the packages of $(1) cannot be had here; 'make UNLOCKED=1 ...' takes the newest ones instead"; exit 1; }; fi && \
$(PIP) --no-build-isolation $(if $(UNLOCKED),,--no-deps) -e .
endef
