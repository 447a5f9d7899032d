# Two commands: `make demo` shows what Claqueur does, `make test` checks that it does it.
# Both need git, make and Python 3.11 or newer, and set up the rest in .venv.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python3.14; do \
	command -v $$p >/dev/null && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet -c constraints.txt
DEMO ?= demo

.PHONY: demo test chromium lint ui ui-check bundle bench evaluate clean
demo: $(VENV)/ready
	@# Only an earlier demonstration is replaced, never anything else.
	@test ! -e $(DEMO)/world/truth.parquet || rm -r $(DEMO)
	$(BIN)/claqueur demo --out $(DEMO)

# Two workers, each with whole files: what a file prepares is prepared once.
test: lint chromium bundle
	$(BIN)/python -m pytest -n 2 --dist loadfile

# The public report is tested in a real browser: Debian's Chromium, installed if that can be done.
chromium:
	@for p in "$$CLAQUEUR_CHROMIUM" chromium chromium-browser google-chrome; do \
	test -n "$$p" && command -v "$$p" >/dev/null && exit 0; done; \
	if test "$$(id -u)" = 0 && command -v apt-get >/dev/null; then \
	apt-get install -y -qq chromium >/dev/null 2>&1 && exit 0; \
	apt-get update -qq && apt-get install -y -qq chromium >/dev/null && exit 0; fi; \
	echo "No Chromium: tests of the report in a browser are skipped (apt-get install chromium)" >&2

lint: $(VENV)/ready-test
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

# The case room's pages are built from ui/ and committed; needs Node 20 or newer and npm.
ui: ui/node_modules/.package-lock.json
	cd ui && npm run --silent check && npm run --silent build

ui/node_modules/.package-lock.json: ui/package-lock.json
	cd ui && npm ci --silent

# What is committed is what the source gives, byte for byte.
ui-check: ui
	@test -z "$$(git status --porcelain -- src/claqueur/web/static)" || { \
	echo "src/claqueur/web/static differs from what ui/ gives: commit what make ui has built" >&2; \
	git status --short -- src/claqueur/web/static >&2; exit 1; }

bundle:
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory ui-check; else \
	echo "No Node: that the case room's pages are what ui/ gives is NOT CHECKED HERE" >&2; fi

bench: $(VENV)/ready-bench
	$(BIN)/python -m bench

evaluate: $(VENV)/ready
	$(BIN)/python -m bench.evaluate

$(VENV)/ready: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Claqueur needs Python 3.11 or newer; set PYTHON=..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(PIP) --upgrade pip
	$(PIP) --editable .
	@touch $@

$(VENV)/ready-test: $(VENV)/ready
	$(PIP) --group test
	@touch $@

$(VENV)/ready-bench: $(VENV)/ready
	$(PIP) --group bench
	@touch $@

clean:
	rm -rf $(VENV) demo build dist
