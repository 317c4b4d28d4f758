# One person, one machine, two commands: `make run` and `make test`. Everything stays inside this folder.

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
# The pins are complete and only wheels are taken: nothing is resolved or built at install time.
PIP_INSTALL := -m pip install --quiet --disable-pip-version-check --only-binary :all: --no-deps

# What the checks run with: the settings of a deployment, and a database that leaves nothing behind.
DEPLOYMENT := DEBUG=false SECRET_KEY="$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(64))')" \
	BASE_URL=https://amplisso.example ALLOWED_HOSTS=amplisso.example SIMULATOR_URL= REDIS_URL= EMAIL_URL= \
	DATABASE_URL=sqlite://:memory:

.DEFAULT_GOAL := help
.PHONY: help install run test test-quick suite coverage mutants check bench bench-pages load lint types contracts migrations deployment format hooks audit sbom lock

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-11s %s\n", $$1, $$2 }'

run: install .env ## Start Amplisso with the demo, and the Entra ID simulator beside it
	@$(BIN)/python -m amplisso.run

install: $(INSTALLED) ## Make .venv and install the pinned, hashed dependencies

$(INSTALLED): requirements/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Amplisso needs Python 3.11 or newer; '$(PYTHON)' is older or missing. Name another: make $(firstword $(MAKECMDGOALS)) PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "This Python cannot make virtual environments. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@echo "Installing the dependencies into .venv: a minute or two, this once"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python $(PIP_INSTALL) --require-hashes -r requirements/dev.txt
	@conflicts="$$($(BIN)/python -m pip --disable-pip-version-check check)" || { \
		echo "$$conflicts"; echo "The packages in .venv do not fit together. Remove it and try again: rm -r .venv" >&2; exit 1; }
	@touch $@

.env:
	@echo "DEBUG=true" > $@

test: install ## Run the tests, and of each long family of similar ones the first; five minutes
	$(BIN)/python -m pytest -n auto -m "not slow"

# The protocol, organizations, the look of pages, commands and one sign-in; no attacks and no browser.
QUICK_TESTS := tests/saml tests/orgs tests/ui tests/commands tests/sso/sign_in/test_sign_in.py tests/test_docs.py

test-quick: install ## Run the tests that tell most in less than a minute, while you work
	$(BIN)/python -m pytest -n auto -m "not slow" $(QUICK_TESTS)

suite: install ## Run the whole test suite, as CI does
	$(BIN)/python -m pytest -n auto

coverage: install ## Check that the tests of the protocol reach every branch of it
	$(BIN)/python -m pytest -n auto tests/saml tests/attacks/test_verdicts.py tests/attacks/test_honest_providers.py \
		--cov=sso.saml --cov-branch --cov-report=term-missing:skip-covered --cov-fail-under=100

# In an environment of its own, as in `lock`; it finds the project's packages by a path file.
mutants: install .env ## Break the checks of the protocol one by one, and see which tests notice (docs/mutation.md); takes an hour
	@$(PYTHON) -m venv var/mutmut
	@var/mutmut/bin/python -m pip install --quiet --disable-pip-version-check mutmut==3.8.1
	@ls -d $(CURDIR)/.venv/lib/python3*/site-packages > $$(echo var/mutmut/lib/python3*/site-packages)/project.pth
	nice var/mutmut/bin/mutmut run --max-children 1
	var/mutmut/bin/mutmut results

bench: install ## Measure how fast it is, in ratios (docs/performance.md); less than a minute: make bench QUICK=1
	@DATABASE_URL="$(DATABASE_URL)" QUICK="$(QUICK)" $(BIN)/python -m bench

load: install ## Sign in for five minutes with eight browsers at once, on PostgreSQL; for 20 seconds: make load QUICK=1
	@DATABASE_URL="$(DATABASE_URL)" QUICK="$(QUICK)" $(BIN)/python -m bench.load

bench-pages: install ## Measure every page with a million rows, on PostgreSQL; with a tenth of them: make bench-pages QUICK=1
	@DATABASE_URL="$(DATABASE_URL)" QUICK="$(QUICK)" $(BIN)/python -m bench.pages

check: lint types contracts migrations deployment suite coverage ## Everything that CI checks

lint: install ## Check format and style
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: install ## Check the types
	@$(DEPLOYMENT) $(BIN)/mypy .

contracts: install ## Check which part imports which
	$(BIN)/lint-imports

migrations: install ## Check that no migration is missing
	@$(DEPLOYMENT) $(BIN)/python manage.py makemigrations --check --dry-run

deployment: install ## Check the settings of a deployment
	@mkdir -p var && rm -f var/deployment.sqlite3
	@$(DEPLOYMENT) DATABASE_URL=sqlite:///$(CURDIR)/var/deployment.sqlite3 sh -c '$(BIN)/python manage.py migrate -v 0 \
		&& $(BIN)/python manage.py createcachetable && $(BIN)/python manage.py check --deploy --fail-level WARNING'

format: install ## Bring the code into the common format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

hooks: install ## Check each commit before it is made (.pre-commit-config.yaml)
	$(BIN)/pre-commit install

# The tools that judge the pins: an environment of their own, since pip-audit would replace the pip of .venv.
AUDIT := var/audit/bin
AUDIT_INSTALLED := var/audit/.installed

$(AUDIT_INSTALLED): requirements/audit.txt
	@$(PYTHON) -m venv var/audit
	@$(AUDIT)/python $(PIP_INSTALL) --require-hashes -r requirements/audit.txt
	@touch $@

audit: $(AUDIT_INSTALLED) ## Ask PyPI's advisories about every pin; says so where it got no answer
	@AUDIT=$(AUDIT) .ci/audit

sbom: $(AUDIT_INSTALLED) ## Write var/sbom.json, what a deployment consists of (CycloneDX)
	@$(AUDIT)/python -W ignore::UserWarning -m cyclonedx_py requirements --pyproject pyproject.toml --output-reproducible \
		--spec-version 1.6 --output-format JSON --output-file var/sbom.json requirements/base.txt
	@echo "Wrote var/sbom.json"

# A separate environment, so that the tool that writes the pins is not among what it pins.
LOCK := var/lock/bin
COMPILE := $(LOCK)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-emit-find-links --custom-compile-command "make lock"

lock: ## Pin the dependencies again, with their hashes; newer versions: make lock UPGRADE=--upgrade
	@$(PYTHON) -m venv var/lock
	@$(LOCK)/python $(PIP_INSTALL) uv==0.13.9
	$(COMPILE) $(UPGRADE) --output-file requirements/base.txt pyproject.toml
	$(COMPILE) $(UPGRADE) --constraint requirements/base.txt --extra dev --output-file requirements/dev.txt pyproject.toml
	$(COMPILE) $(UPGRADE) --constraint requirements/dev.txt --group audit --output-file requirements/audit.txt
