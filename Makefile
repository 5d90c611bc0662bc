.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:

PORT ?= 4566
ARCHITECTURE ?= arm64
EVENT ?= events/import_orders/json.json
MINUTES ?= 10
ORDERS ?= 100000
SECONDS ?= 300

UV := .local/bin/uv
OWN_UV := .local/uv
# Its version, and the hashes of its packages for all platforms.
UV_REQUIREMENTS := tools/uv.txt
BIN := .venv/bin
SAM := .local/sam/bin/sam
REQUIREMENTS := layers/dependencies/requirements.txt
EXPORT := $(UV) export --quiet --frozen --only-group lambda --no-emit-project --no-header

# The audit covers every group of the lock. The exit code is 1 if it finds a vulnerability, and higher if
# it gets no answer.
AUDIT := $(UV) audit --frozen --preview-features audit-command
NOT_AUDITED := NOT AUDITED: the advisory service gave no answer, so the packages may have known vulnerabilities.

# The stamp file of an environment is inside it: deleting the environment also deletes the stamp.
PROJECT_ENVIRONMENT := .venv/.synced
SAM_ENVIRONMENT := .local/sam/.synced
EMULATOR_ENVIRONMENT := .local/emulator/.synced
CHECKOV_ENVIRONMENT := .local/checkov/.synced
ENVIRONMENTS := $(PROJECT_ENVIRONMENT) $(SAM_ENVIRONMENT) $(EMULATOR_ENVIRONMENT)
DYNAMODB_LOCAL := node_modules/.package-lock.json

# Permissive licences, and MPL 2.0, which has no conditions for users of an unchanged package.
LICENCES := MIT;Apache;BSD;ISC;PSF;Python Software Foundation;MPL;Mozilla Public License 2.0;ZPL;Zope Public License;Public Domain

# These packages have no licence in their metadata. Their licence files say Apache 2.0.
LICENCES_READ := atheris

# The linters require a Region, but do not call AWS. A deployment takes the Region of the operator.
ifeq ($(filter deploy import-table,$(MAKECMDGOALS)),)
export AWS_DEFAULT_REGION ?= us-east-1
endif
export SAM_CLI_TELEMETRY ?= 0

comma := ,
# Announcements go to stderr, so that the output of a command can be piped.
ANNOUNCE = @echo $(1) >&2

# Slow installers print nothing into a pipe, so this reports that $(1) is running. $(1) must replace the
# recipe's shell; the report ends within a second after it.
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
.PHONY: help setup run test unit bench bench-full bench-files load fuzz hostile check lint licences audit contract mutants
.PHONY: requirements check-requirements check-advisories build deploy import-table sam-local sam-local-api fmt clean

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-13s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

setup: $(ENVIRONMENTS) $(DYNAMODB_LOCAL) ## Install everything that the other commands need

run: $(ENVIRONMENTS) ## Run the hub on this machine until Ctrl-C; PORT=4600 sets the port
	$(call ANNOUNCE,"Starting the order hub on port $(PORT) ...")
	@exec $(BIN)/python -m tools.local_stack --port "$(PORT)"

# Tests that call make must not inherit the flags and jobs of the make that runs them. There is one process
# more than cores of a small machine, because the tests of the deployed stack often wait.
test: setup require-java ## Run the whole test suite
	MAKEFLAGS= MFLAGS= MAKELEVEL= $(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder

unit: $(PROJECT_ENVIRONMENT) ## Run the unit tests, which need neither Java nor npm
	$(BIN)/pytest -n 2 --dist worksteal tests/unit

bench: setup require-java ## Measure imports and reads; print tables, write results.json and chart.md to .local/bench
	$(call ANNOUNCE,"Measuring ...")
	@$(BIN)/python -m tools.bench

bench-full: setup require-java ## Run the benchmark also with a million stored orders, in 4 GB of memory
	$(call ANNOUNCE,"Measuring$(comma) also with a million stored orders ...")
	@$(BIN)/python -m tools.bench --full

bench-files: setup require-java ## Measure imported files; print tables, write files.json and files.md to .local/bench; ORDERS=2000 is quick
	$(call ANNOUNCE,"Measuring imported files ...")
	@$(BIN)/python -m tools.bench.files --orders "$(ORDERS)"

load: setup ## Send requests to a stack with injected faults, then audit its data; MINUTES=10 sets the time
	$(call ANNOUNCE,"Starting the stack and the shops ...")
	@$(BIN)/python -m tools.load --minutes "$(MINUTES)"

fuzz: setup ## Fuzz the decoders, write findings to .local/fuzz; SECONDS=300 sets the total time
	@for target in altcraft_json altcraft_xml commercetools_draft commercetools_update; do \
		echo "$$target:"; \
		$(BIN)/python -m tests.fuzz $$target $$(($(SECONDS) / 4)) || exit 1; \
	done

hostile: $(PROJECT_ENVIRONMENT) ## Measure CPU, memory and answers of requests and files that amplify; NAME= selects some
	@$(BIN)/python -m tests.hostile $(NAME)
	@$(BIN)/python -m tests.hostile.measured_files $(NAME)

check: setup require-java $(CHECKOV_ENVIRONMENT) ## Check format, lint, types, import direction and template, and run the tests
	@$(MAKE) --no-print-directory --jobs=2 lint test

lint: setup $(CHECKOV_ENVIRONMENT) check-requirements licences ## Run every check except the tests
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/cfn-lint -a cfn_lint_serverless.rules -- template.yaml examples/*/template.yaml
	$(SAM) validate --lint
	.local/checkov/bin/checkov --config-file .checkov.yaml
	@$(MAKE) --no-print-directory check-advisories

licences: $(PROJECT_ENVIRONMENT) ## Check that every installed package has a permitted licence
	$(call ANNOUNCE,"Reading the licences of the installed packages ...")
	@$(BIN)/pip-licenses --from=mixed --partial-match --allow-only="$(LICENCES)" \
		--ignore-packages $(LICENCES_READ) > /dev/null

audit: $(UV) ## Check the locked packages for known vulnerabilities; fail without an advisory service
	$(call ANNOUNCE,"Checking the locked packages for known vulnerabilities ...")
	@$(AUDIT) || { [ $$? -eq 1 ] || echo "$(NOT_AUDITED)" >&2; exit 1; }

# `make check` also works without the internet: then this prints that the audit is missing.
check-advisories: $(UV)
	$(call ANNOUNCE,"Checking the locked packages for known vulnerabilities ...")
	@$(AUDIT) || { [ $$? -ne 1 ] && echo "$(NOT_AUDITED)" >&2; }

contract: $(PROJECT_ENVIRONMENT) $(DYNAMODB_LOCAL) ## Generate the API description and the Postman collection
	$(call ANNOUNCE,"Writing the API's description and the Postman collection ...")
	@$(BIN)/python -m tools.api_contract

mutants: $(PROJECT_ENVIRONMENT) ## Run mutation tests of the domain and the use cases
	$(call ANNOUNCE,"Preparing the mutants ...")
	@$(BIN)/python -m tools.bench.mutants

requirements: $(UV) ## Export the layer's requirements from uv.lock
	$(EXPORT) --output-file $(REQUIREMENTS) > /dev/null

check-requirements: $(PROJECT_ENVIRONMENT)
	$(UV) lock --check --quiet --offline || $(UV) lock --check --quiet || \
		$(call SAY,"uv.lock does not match pyproject.toml: run \`uv lock\`.")
	@$(EXPORT) | diff $(REQUIREMENTS) - || \
		$(call SAY,"$(REQUIREMENTS) does not match uv.lock: run \`make requirements\`.")

build: $(ENVIRONMENTS) ## Build the functions and layers for AWS; ARCHITECTURE=arm64 sets the processor
	LAYER_ARCHITECTURE=$(ARCHITECTURE) $(SAM) build --parameter-overrides Architecture=$(ARCHITECTURE)

# The first deployment offers a processor that was chosen. All later ones keep that of samconfig.toml.
CHOSEN_ARCHITECTURE := $(if $(filter file,$(origin ARCHITECTURE)),,$(ARCHITECTURE))

deploy: $(ENVIRONMENTS) ## Build, then deploy to your AWS account; the first time, answer the questions
	@exec $(BIN)/python -m tools.deployment deploy --architecture "$(CHOSEN_ARCHITECTURE)"

import-table: $(PROJECT_ENVIRONMENT) ## Create the stack from the table that an earlier stack has left
	@exec $(BIN)/python -m tools.deployment import-table

sam-local: $(ENVIRONMENTS) ## Send a sample to its function in Docker; EVENT=events/import_orders/json.json
	@exec $(BIN)/python -m tools.sam_local invoke "$(EVENT)"

sam-local-api: $(ENVIRONMENTS) ## Serve all routes in Docker on http://127.0.0.1:3000
	@exec $(BIN)/python -m tools.sam_local start-api

fmt: $(PROJECT_ENVIRONMENT) ## Format the code and apply the fixes of ruff
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

clean: ## Remove build outputs, results and caches, but not the installed environments
	rm -rf .aws-sam .coverage
	find . -mindepth 2 -maxdepth 2 -path './.local/*' -type d ! -name bin ! -exec test -d '{}/bin' ';' -exec rm -rf '{}' +
	find . \( -name .git -o -name .local -o -name .venv -o -name node_modules \) -prune \
		-o -type d \( -name __pycache__ -o -name '.*_cache' -o -name .hypothesis -o -name .schemathesis \) \
		-prune -exec rm -rf '{}' +

# ------------------------------------------------------------------------------
# Set-up
# ------------------------------------------------------------------------------
.PHONY: require-java

# An installed uv is used if it can read the lock and audit it.
ifeq ($(wildcard $(UV)),)
ifneq ($(shell { uv export --quiet --frozen --only-group lambda && uv help audit; } > /dev/null 2>&1 && echo fits),fits)
$(UV): $(OWN_UV)/bin/uv
endif
endif

$(UV):
	@mkdir -p $(@D)
	@ln -sf "$(or $(abspath $<),$$(command -v uv))" $@

# Python runs by its real path: a shim would stay between make and pip, and leave pip running when make
# ends.
$(OWN_UV)/bin/uv:
	$(call ANNOUNCE,"Installing uv into $(OWN_UV) ...")
	@$(call REPORT,pip) for python in python3 python3.13 python; do \
		"$$python" -m pip --version > /dev/null 2>&1 || continue; \
		exec "$$("$$python" -c 'import sys; print(sys.executable)')" \
			-m pip install -qq --upgrade --target $(OWN_UV) --no-deps --only-binary :all: \
			--require-hashes --requirement $(UV_REQUIREMENTS); \
	done; $(call SAY,"uv is missing$(comma) and no Python with pip was found to install it: install uv or pip.")

# A candidate must run, because a pyenv shim exists even for a version that is not enabled. Without a
# candidate, uv finds or downloads a Python.
IS_PYTHON_3_13 := import sys; sys.exit(sys.version_info[:2] != (3, 13))
FIND_PYTHON = { for python in python3.13 "$${PYENV_ROOT:-$$HOME/.pyenv}"/versions/3.13*/bin/python3.13; do \
		"$$python" -c '$(IS_PYTHON_3_13)' 2> /dev/null && exec "$$python" -c 'import sys; print(sys.executable)'; \
	done; \
	$(UV) python find --quiet --system --no-project 3.13 2> /dev/null || \
		{ echo "Downloading Python 3.13 ..." >&2; \
		$(UV) python install --quiet 3.13 >&2 && $(UV) python find --system --no-project 3.13; }; }

# $(1) is the folder of the environment, $(2) describes its content, $(3) are options of uv. Where many
# processes start, bytecode is compiled in advance: not every machine lets Python write it.
define SYNC
$(call ANNOUNCE,"Installing $(2) into $(1) ...")
@$(call REPORT,uv) python=$$( $(FIND_PYTHON) ) || \
	$(call SAY,"Python 3.13 is missing and could not be downloaded: install Python 3.13$(comma) then run make again."); \
	UV_PROJECT_ENVIRONMENT=$(1) exec $(UV) sync --quiet --frozen --python "$$python" $(3)
@touch $@
endef

$(PROJECT_ENVIRONMENT): uv.lock pyproject.toml | $(UV)
	$(call SYNC,.venv,the packages of the project,--compile-bytecode)

$(SAM_ENVIRONMENT): uv.lock | $(UV)
	$(call SYNC,.local/sam,the SAM CLI,--only-group sam)

$(EMULATOR_ENVIRONMENT): uv.lock | $(UV)
	$(call SYNC,.local/emulator,the embedded AWS,--only-group emulator --compile-bytecode)

$(CHECKOV_ENVIRONMENT): uv.lock | $(UV)
	$(call SYNC,.local/checkov,checkov,--only-group checkov)

$(DYNAMODB_LOCAL): package.json package-lock.json
	@command -v npm > /dev/null || \
		$(call SAY,"npm is missing: install Node.js 18 or later$(comma) which includes npm$(comma) then run make again.")
	$(call ANNOUNCE,"Installing DynamoDB Local and the JavaScript tools into node_modules: up to a minute ...")
	@$(call REPORT,npm) exec npm ci --loglevel=error >&2
	@touch $@

require-java:
	@major=$$(java -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p'); \
		[ "$${major:-0}" -ge 17 ] || \
		$(call SAY,"Java 17 or later is missing: install it (DynamoDB Local requires it)$(comma) then run make again.")
