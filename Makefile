# The commands of the project; `make` alone lists them.
# Each installs what it needs into .venv first, which takes a minute or two the first time.

PYTHON ?= python3
VENV ?= .venv
RUN = $(VENV)/bin/python
export VENV
# The tests of a file share servers and models, so they run in one process; four need up to 8 GB.
# tests/conftest.py orders the files; the order of pytest-xdist would start those of few tests last.
PARALLEL = -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help serve test test-fast fuzz test-serving test-scale pipeline sample examples report project-report bench load check format lock clean \
        setup-serve setup-pipeline setup-report setup-bench setup-load setup-dev setup-scale setup-scale-test \
        setup-ray setup-postgresql setup-all chromium

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

serve: setup-serve ## Start the service on HOST:PORT (default 127.0.0.1:8080)
	@$(RUN) -m scripts.use_sample
	@exec $(RUN) app.py

test: setup-all chromium ## Run every test; ARGS='-k word' goes on to pytest
	$(RUN) -m pytest $(PARALLEL) -m "not scale" $(ARGS)

test-fast: setup-all ## Run the tests without an encoder, a real server or real data
	$(RUN) -m pytest $(PARALLEL) -m "not slow and not realdata and not scale" $(ARGS)

fuzz: setup-dev ## Send 20,000 generated requests to a real server and check every response; takes half an hour
	FUZZ_EXAMPLES=$${FUZZ_EXAMPLES:-3500} $(RUN) -m pytest -s tests/api/contract/test_schemathesis.py

test-serving: ## Run the service's tests without the pipeline's packages (.venv-serving)
	@$(PYTHON) scripts/install.py --venv .venv-serving main dev
	.venv-serving/bin/python -m pytest $(PARALLEL) -m "not pipeline and not slow and not scale" $(ARGS)

test-scale: setup-scale-test ## Run the tests of what takes more than one machine, on real servers
	$(RUN) -m pytest $(PARALLEL) -m scale tests/scale $(ARGS)

pipeline: setup-pipeline ## REVIEWS=FILE [EVENTS=1 METADATA=FILE USER_COLUMN=name ITEM_COLUMN=name ENGINE=ray]: reviews to artifacts
	@[ "$$ENGINE" != ray ] || $(PYTHON) scripts/install.py --venv $(VENV) ray
	@if [ -z "$$REVIEWS" ]; then \
	    echo "Which reviews? For example: make pipeline REVIEWS=data/amazon_reviews.csv" >&2; exit 2; \
	fi
	@$(RUN) -m pipeline run --reviews "$$REVIEWS" $${METADATA:+--metadata "$$METADATA"} \
	    $${USER_COLUMN:+--user-column "$$USER_COLUMN"} $${ITEM_COLUMN:+--item-column "$$ITEM_COLUMN"} $$([ "$$EVENTS" != 1 ] || echo --events) $(ARGS)

sample: setup-pipeline ## Generate the sample reviews, into DATA_PATH/amazon_reviews.csv
	@$(RUN) -m pipeline sample $(ARGS)

examples: setup-dev ## Update the documentation's examples, api/contract/examples.json, from the bundled sample
	@$(RUN) -m scripts.make_examples

report: setup-report ## Measure your model again: tables and notebooks in MODEL_PATH/report
	@$(RUN) -m scripts.use_sample
	@$(RUN) -m pipeline report --measure

project-report: setup-report ## Measure the bundled sample again, and rebuild every table and figure of report/
	@$(RUN) -m pipeline report --measure --project

bench: setup-bench ## Measure the targets and print their ratios, about 15 minutes; ARGS=--quick for two
	@$(RUN) -m benchmarks $(ARGS)

load: setup-load ## Load a running service as visitors would: ARGS='--host URL', page at :8089
	@$(VENV)/bin/locust --locustfile benchmarks/http/locustfile.py --host http://127.0.0.1:8080 $(ARGS)

check: setup-all ## Check lint, format and types without changing anything
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy

format: setup-dev ## Format the code and fix what the linter can fix
	$(RUN) -m ruff check --fix .
	$(RUN) -m ruff format .

lock: ## Resolve pyproject.toml into poetry.lock
	@scripts/poetry lock

chromium:
	@scripts/debian-packages chromium || echo "set-up: without it the tests in a browser are skipped" >&2

setup-serve: ## Only install: the service
	@$(PYTHON) scripts/install.py --venv $(VENV) main

setup-pipeline:
	@$(PYTHON) scripts/install.py --venv $(VENV) main pipeline

setup-report:
	@$(PYTHON) scripts/install.py --venv $(VENV) main pipeline report

setup-bench:
	@$(PYTHON) scripts/install.py --venv $(VENV) main pipeline bench dev

setup-load:
	@$(PYTHON) scripts/install.py --venv $(VENV) main load

setup-dev:
	@$(PYTHON) scripts/install.py --venv $(VENV) main dev

setup-scale: ## Only install: the service on several machines, which SNAPSHOT_URL needs
	@$(PYTHON) scripts/install.py --venv $(VENV) main scale

setup-ray: ## Only install: the pipeline with Ray, for --engine ray
	@$(PYTHON) scripts/install.py --venv $(VENV) main pipeline ray

setup-postgresql: ## Only install: the pipeline with a driver for --reviews postgresql://
	@$(PYTHON) scripts/install.py --venv $(VENV) main pipeline postgresql

setup-scale-test:
	@$(PYTHON) scripts/install.py --venv $(VENV) main pipeline dev ray postgresql scale scale-test
	@scripts/debian-packages postgresql || echo "set-up: without it the tests of --query are skipped" >&2

setup-all: ## Only install: everything
	@$(PYTHON) scripts/install.py --venv $(VENV) main pipeline report dev

clean: ## Remove environments, tools, caches and logs; data, embeddings and models stay
	rm -rf .venv .venv-serving .tools .mypy_cache .pytest_cache .ruff_cache .hypothesis logs/*.log
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
