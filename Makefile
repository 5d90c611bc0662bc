.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:

PORT ?= 4566
ARCHITECTURE ?= arm64
MINUTES ?= 10
SECONDS ?= 300

UV_VERSION := 0.13.9
UV := .local/bin/uv
OWN_UV := .local/uv
BIN := .venv/bin
SAM := .local/sam/bin/sam
REQUIREMENTS := layers/dependencies/requirements.txt
EXPORT := $(UV) export --quiet --frozen --only-group lambda --no-emit-project --no-header

# It covers every group of the lock. It exits with 1 for a vulnerability, with more where it learnt nothing.
AUDIT := $(UV) audit --frozen --preview-features audit-command
NOT_AUDITED := NOT AUDITED: the advisory service gave no answer, so known vulnerabilities may have been missed.

# A stamp lies inside what it vouches for, so that deleting the one deletes the other.
PROJECT_ENVIRONMENT := .venv/.synced
SAM_ENVIRONMENT := .local/sam/.synced
EMULATOR_ENVIRONMENT := .local/emulator/.synced
CHECKOV_ENVIRONMENT := .local/checkov/.synced
ENVIRONMENTS := $(PROJECT_ENVIRONMENT) $(SAM_ENVIRONMENT) $(EMULATOR_ENVIRONMENT)
DYNAMODB_LOCAL := node_modules/.package-lock.json

# Permissive ones, and MPL 2.0, which asks nothing of those who only use a package.
LICENCES := MIT;Apache;BSD;ISC;PSF;Python Software Foundation;MPL;Mozilla Public License 2.0;ZPL;Zope Public License;Public Domain

# They say nothing in their metadata; their licence files were read: Apache 2.0.
LICENCES_READ := atheris

# The linters want a Region; nothing here calls AWS.
export AWS_DEFAULT_REGION ?= us-east-1
export SAM_CLI_TELEMETRY ?= 0

comma := ,
# To stderr, so that what a command prints can be piped.
ANNOUNCE = @echo $(1) >&2

# Slow installers print nothing into a pipe. This reports on $(1), which replaces the recipe's shell, and
# ends within a second of it.
REPORT_SECONDS := 8
REPORT = { seconds=0; while sleep 1 && kill -0 $$$$; do \
		seconds=$$((seconds + 1)); \
		[ $$((seconds % $(REPORT_SECONDS))) -ne 0 ] || echo "  $(1) has been running for $$seconds seconds ..." >&3; \
	done; } 3>&2 > /dev/null 2>&1 &
define SAY
{ echo $(1) >&2; exit 1; }
endef

# ------------------------------------------------------------------------------
# Commands
# ------------------------------------------------------------------------------
.PHONY: help setup run test unit bench bench-full load fuzz check lint licences audit contract mutants
.PHONY: requirements check-requirements check-advisories build deploy fmt clean

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-13s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

setup: $(ENVIRONMENTS) $(DYNAMODB_LOCAL) ## Install everything that the other commands need

run: $(ENVIRONMENTS) ## Run the hub on this machine until Ctrl-C; PORT=4600 chooses the port
	$(call ANNOUNCE,"Starting the order hub on port $(PORT) ...")
	@exec $(BIN)/python -m tools.local_stack --port "$(PORT)"

test: setup require-java ## Run the whole test suite
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

unit: $(PROJECT_ENVIRONMENT) ## Run the unit tests; they need neither Java nor npm
	$(BIN)/pytest -n 2 --dist worksteal tests/unit

bench: setup require-java ## Measure what an import costs; the table, .local/bench/results.json and chart.md
	$(call ANNOUNCE,"Measuring ...")
	@$(BIN)/python -m tools.bench

bench-full: setup require-java ## The same, also with a million orders stored
	$(call ANNOUNCE,"Measuring$(comma) also with a million orders stored ...")
	@$(BIN)/python -m tools.bench --full

load: setup ## Shops at work on a stack with faults and a restart, then an audit; MINUTES=10
	$(call ANNOUNCE,"Starting the stack and the shops ...")
	@$(BIN)/python -m tools.load --minutes "$(MINUTES)"

fuzz: setup ## Fuzz the decoders for SECONDS=300 in all; the finds lie in .local/fuzz
	@for target in altcraft_json altcraft_xml commercetools_draft; do \
		echo "$$target:"; \
		$(BIN)/python -m tests.fuzz $$target $$(($(SECONDS) / 3)) || exit 1; \
	done

check: lint ## Check format, lint, types, import direction and template, then run the tests
	@$(MAKE) --no-print-directory test

lint: setup $(CHECKOV_ENVIRONMENT) check-requirements licences ## Check all but the tests
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/cfn-lint -a cfn_lint_serverless.rules -- template.yaml examples/*/template.yaml
	$(SAM) validate --lint
	.local/checkov/bin/checkov --config-file .checkov.yaml
	@$(MAKE) --no-print-directory check-advisories

licences: $(PROJECT_ENVIRONMENT) ## Check that every installed package has a licence that we may use
	$(call ANNOUNCE,"Reading the licences of the installed packages ...")
	@$(BIN)/pip-licenses --from=mixed --partial-match --allow-only="$(LICENCES)" \
		--ignore-packages $(LICENCES_READ) > /dev/null

audit: $(UV) ## Look for known vulnerabilities; fail if the advisory service cannot be reached
	$(call ANNOUNCE,"Looking for known vulnerabilities of the locked packages ...")
	@$(AUDIT) || { [ $$? -eq 1 ] || echo "$(NOT_AUDITED)" >&2; exit 1; }

# A machine without internet can run `make check`, and learns what was left out.
check-advisories: $(UV)
	$(call ANNOUNCE,"Looking for known vulnerabilities of the locked packages ...")
	@$(AUDIT) || { [ $$? -ne 1 ] && echo "$(NOT_AUDITED)" >&2; }

contract: $(PROJECT_ENVIRONMENT) $(DYNAMODB_LOCAL) ## Write the API's description and the Postman collection anew
	$(call ANNOUNCE,"Writing the API's description and the Postman collection ...")
	@$(BIN)/python -m tools.api_contract

mutants: $(PROJECT_ENVIRONMENT) ## Change the domain and the use cases, and see whether the unit tests notice
	$(call ANNOUNCE,"Preparing the mutants ...")
	@$(BIN)/python -m tools.bench.mutants

requirements: $(UV) ## Export the layer's requirements from uv.lock
	$(EXPORT) --output-file $(REQUIREMENTS) > /dev/null

check-requirements: $(PROJECT_ENVIRONMENT)
	$(UV) lock --check --quiet --offline || $(UV) lock --check --quiet || \
		$(call SAY,"uv.lock does not fit pyproject.toml: run \`uv lock\`.")
	@$(EXPORT) | diff $(REQUIREMENTS) - || \
		$(call SAY,"$(REQUIREMENTS) does not fit uv.lock: run \`make requirements\`.")

build: $(ENVIRONMENTS) ## Build the functions and layers for AWS; ARCHITECTURE=x86_64 instead of arm64
	LAYER_ARCHITECTURE=$(ARCHITECTURE) $(SAM) build --parameter-overrides Architecture=$(ARCHITECTURE)

deploy: build ## Build, then deploy to your AWS account
	$(SAM) deploy --guided --capabilities CAPABILITY_IAM \
		--parameter-overrides Architecture=$(ARCHITECTURE)

fmt: $(PROJECT_ENVIRONMENT) ## Format the code and correct what ruff can correct
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

clean: ## Remove what was built, results and caches; the installed environments stay
	rm -rf .aws-sam .coverage
	find . -mindepth 2 -maxdepth 2 -path './.local/*' -type d ! -name bin ! -exec test -d '{}/bin' ';' -exec rm -rf '{}' +
	find . \( -name .git -o -name .local -o -name .venv -o -name node_modules \) -prune \
		-o -type d \( -name __pycache__ -o -name '.*_cache' -o -name .hypothesis -o -name .schemathesis \) \
		-prune -exec rm -rf '{}' +

# ------------------------------------------------------------------------------
# Set-up
# ------------------------------------------------------------------------------
.PHONY: require-java

# A uv of the user's is as good as ours if it can read the lock and audit it.
ifeq ($(wildcard $(UV)),)
ifneq ($(shell { uv export --quiet --frozen --only-group lambda && uv help audit; } > /dev/null 2>&1 && echo fits),fits)
$(UV): $(OWN_UV)/bin/uv
endif
endif

$(UV):
	@mkdir -p $(@D)
	@ln -sf "$(or $(abspath $<),$$(command -v uv))" $@

# By its real path, since a shim would stay in between and leave pip running when make is ended.
$(OWN_UV)/bin/uv:
	$(call ANNOUNCE,"Installing uv $(UV_VERSION) into $(OWN_UV) ...")
	@$(call REPORT,pip) for python in python3 python3.13 python; do \
		"$$python" -m pip --version > /dev/null 2>&1 || continue; \
		exec "$$("$$python" -c 'import sys; print(sys.executable)')" \
			-m pip install -qq --upgrade --target $(OWN_UV) "uv==$(UV_VERSION)"; \
	done; $(call SAY,"uv is missing$(comma) and so is a Python with pip to install it: install uv or pip.")

# A shim of pyenv answers to the name even where that version is not switched on: only a candidate
# that runs counts. Without one uv takes or downloads a Python of its own.
IS_PYTHON_3_13 := import sys; sys.exit(sys.version_info[:2] != (3, 13))
FIND_PYTHON = { for python in python3.13 "$${PYENV_ROOT:-$$HOME/.pyenv}"/versions/3.13*/bin/python3.13; do \
		"$$python" -c '$(IS_PYTHON_3_13)' 2> /dev/null && exec "$$python" -c 'import sys; print(sys.executable)'; \
	done; \
	$(UV) python find --quiet --system --no-project 3.13 2> /dev/null || \
		{ echo "Downloading Python 3.13 ..." >&2; \
		$(UV) python install --quiet 3.13 >&2 && $(UV) python find --system --no-project 3.13; }; }

# $(1) is the folder of the environment, $(2) what it is for, $(3) the groups that uv is to install into it.
define SYNC
$(call ANNOUNCE,"Installing $(2) into $(1) ...")
@$(call REPORT,uv) python=$$( $(FIND_PYTHON) ) || \
	$(call SAY,"Python 3.13 is missing and could not be downloaded: install Python 3.13$(comma) then run make again."); \
	UV_PROJECT_ENVIRONMENT=$(1) exec $(UV) sync --quiet --frozen --python "$$python" $(3)
@touch $@
endef

$(PROJECT_ENVIRONMENT): uv.lock pyproject.toml | $(UV)
	$(call SYNC,.venv,the packages of the project)

$(SAM_ENVIRONMENT): uv.lock | $(UV)
	$(call SYNC,.local/sam,the SAM CLI,--only-group sam)

$(EMULATOR_ENVIRONMENT): uv.lock | $(UV)
	$(call SYNC,.local/emulator,the embedded AWS,--only-group emulator)

$(CHECKOV_ENVIRONMENT): uv.lock | $(UV)
	$(call SYNC,.local/checkov,checkov,--only-group checkov)

$(DYNAMODB_LOCAL): package.json package-lock.json
	@command -v npm > /dev/null || \
		$(call SAY,"npm is missing: install Node.js 18 or later$(comma) which brings it$(comma) then run make again.")
	$(call ANNOUNCE,"Installing DynamoDB Local and the JavaScript tools into node_modules: up to a minute ...")
	@$(call REPORT,npm) exec npm ci --loglevel=error >&2
	@touch $@

require-java:
	@major=$$(java -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p'); \
		[ "$${major:-0}" -ge 17 ] || \
		$(call SAY,"Java 17 or later is missing: install it (DynamoDB Local runs on it)$(comma) then run make again.")
