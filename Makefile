# Worthwhile. `make demo` answers the question on a sample company; `make test` proves the kit.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
SCANNERS := .venv-scanners
SPARK := .venv-spark
LONG := .venv-long

.PHONY: help setup scanners spark pin demo test long lint typecheck format lock bench bench-import bench-engines clean bench-stack local-up local-down e2e
help: ## List the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(STAMP) ## Create .venv from the hashed locks

$(STAMP): locks/bootstrap.txt locks/product.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes --only-binary :all: -r locks/bootstrap.txt
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --no-deps --require-hashes -r locks/product.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

scanners: $(SCANNERS)/.installed ## Create .venv-scanners: they cannot share packages with the kit

$(SCANNERS)/.installed: locks/scanners.txt $(STAMP)
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(SCANNERS)
	$(BIN)/uv pip install --quiet --python $(SCANNERS)/bin/python --require-hashes -r locks/scanners.txt
	@touch $@

spark: $(SPARK)/.installed ## Create .venv-spark: Spark and a Java for the second engine, 700 MB that the kit does without

$(SPARK)/.installed: locks/spark.txt scripts/link_spark_java.py $(STAMP)
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(SPARK)
	$(BIN)/uv pip install --quiet --python $(SPARK)/bin/python --require-hashes -r locks/spark.txt
	$(BIN)/python scripts/link_spark_java.py $(SPARK)
	@touch $@

pin: setup ## Look up the digests of the chart's images at their registries and write charts/model-server/images.json
	$(BIN)/python scripts/pin_images.py

demo: setup ## Decide for the sample company, with bundled prices and no account
	@$(BIN)/costcheck demo

test: lint typecheck scanners ## Lint, types, import contract, and every test
	$(BIN)/pytest

long: $(LONG)/.installed ## Fuzz, search and mutate for hours, and write tests/long/RESULTS.md; not in CI
	$(BIN)/python scripts/long.py

$(LONG)/.installed: locks/long.txt $(STAMP)
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(LONG)
	$(BIN)/uv pip install --quiet --python $(LONG)/bin/python --require-hashes -r locks/long.txt
	@touch $@

local-up: setup ## Start a pretend AWS account with a real Kubernetes control plane on this machine (builds it the first time)
	$(BIN)/python -m localcloud up

local-down: setup ## End it and everything that it started; the built tools stay
	$(BIN)/python -m localcloud down

e2e: setup scanners spark ## Deploy, break, recover and destroy the whole stack on the local cloud, with the plain pulumi command
	$(BIN)/pytest -n 0 -m e2e --force-enable-socket --durations=25 tests/e2e

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

typecheck: setup
	$(BIN)/mypy

format: setup ## Rewrite the code in the house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: ## Resolve the locks anew (needs uv)
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	    --override locks/product-overrides.txt --group infra --group localcloud --group tests --group typing --group lint \
	    --group fit pyproject.toml locks/build.in -o locks/product.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	    locks/bootstrap.in -o locks/bootstrap.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	    locks/scanners.in -o locks/scanners.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	    locks/long.in -o locks/long.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	    locks/spark.in -o locks/spark.txt
	$(BIN)/uv pip compile --quiet --python-version 3.11 --python-platform linux --generate-hashes --no-emit-index-url \
	    --no-header --override locks/vllm-overrides.txt locks/vllm.in -o locks/vllm.txt

bench: setup ## Measure the speeds that the README claims
	$(BIN)/python benchmarks/run.py
	$(BIN)/python benchmarks/gate.py
	$(BIN)/python benchmarks/price_file.py

bench-import: setup ## Measure imports (a log of ten million requests, a FOCUS export) against DuckDB copying them to disk
	$(BIN)/python -m benchmarks.import_spend_log
	$(BIN)/python -m benchmarks.import_focus

bench-engines: setup spark ## Sum ten million requests with DuckDB and with Spark, and compare
	$(BIN)/python -m benchmarks.engines

bench-stack: setup ## Measure preview, up and destroy of the whole program on the local cloud
	$(BIN)/python -m benchmarks.local_stack

clean: ## Remove what setup and demo made
	rm -rf $(VENV) $(SCANNERS) $(SPARK) $(LONG) .demo
