PYTHON ?= python3
CLAIMS ?= 200000
ENGINE ?= spark
SPARK ?= 4.2
WLZ_CLAIMS ?= 50000
BENCH_CLAIMS ?= 20000000
BENCH_WLZ_CLAIMS ?= 20000000
BENCH_ROUNDS ?= 3
BENCH_RESULTS := bench/results$(if $(filter 4.2,$(SPARK)),,/spark-$(SPARK))

ON_SAIL_ONLY := $(addprefix tests/,wlz test_disclosure.py behandelindex/test_disclosure.py behandelindex/test_compare.py \
	io/test_bad_input.py io/test_compare.py io/test_export.py io/test_documents.py test_faults.py test_same_bits.py)
ON_SAIL := $(ON_SAIL_ONLY) tests/behandelindex/test_witnesses.py tests/test_partitions.py tests/io/test_foreign_tables.py

VENV := $(if $(filter 4.2,$(SPARK)),.venv,.venv-$(SPARK))
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DEMO_INPUT := demo/.input-$(CLAIMS)
WLZ_INPUT := demo/.wlz-input-$(WLZ_CLAIMS)
DEMO_SETTINGS := $(addprefix conf/behandelindex/,2023-1.toml 2023-2.toml 2023-3.toml)

.PHONY: help setup docs demo demo-wlz test test-sail test-spark test-comet test-all test-faults bench check format zip \
	wheel lock clean

help:
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-11s %s\n", $$1, $$2}' Makefile

setup: $(READY) ## Make .venv with all packages and the jars of Delta (PYTHON=python3; SPARK=4.1: that with Comet)
	@echo "Ready: $(BIN)/zorgstat"

# --use-pep517: pip before 23.1 would otherwise build pyspark in another way than later ones.
$(READY): pyproject.toml requirements.lock $(wildcard conf/setup/*)
	@sh conf/setup/lock.sh $(SPARK) >/dev/null
	@sh conf/setup/check_machine.sh $(PYTHON)
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@echo "Installing requirements.lock: about 800 MB and a few minutes the first time."
	@sh conf/setup/lock.sh $(SPARK) >$(VENV)/requirements.lock
	@$(BIN)/python -m pip install --quiet --use-pep517 --require-hashes --requirement $(VENV)/requirements.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@$(BIN)/python conf/setup/fetch_jars.py
	-@$(BIN)/python conf/setup/archive_classes.py
	@touch $@

demo: $(READY) $(DEMO_INPUT) ## Three versions of the behandelindex over made-up claims (CLAIMS=200000 ENGINE=spark)
	$(BIN)/zorgstat behandelindex run $(DEMO_SETTINGS) --input demo/input --output demo/output \
		--engine $(ENGINE)

$(DEMO_INPUT): | $(READY)
	rm -rf demo/input demo/.input-*
	$(BIN)/zorgstat synth behandelindex --output demo/input --claims $(CLAIMS) --seed 1 --year 2023 \
		--engine $(ENGINE)
	@touch $@

demo-wlz: $(READY) $(WLZ_INPUT) ## Statements of a quarter over made-up claims, and their documents (WLZ_CLAIMS=50000)
	$(BIN)/zorgstat wlz run conf/wlz/2023-2.toml --input demo/wlz-input --output demo/wlz-output \
		--engine $(ENGINE)
	rm -rf demo/wlz-documents
	$(BIN)/zorgstat wlz documents --output demo/wlz-output --year 2023 --quarter 2 --to demo/wlz-documents --all \
		--input demo/wlz-input

$(WLZ_INPUT): | $(READY)
	rm -rf demo/wlz-input demo/.wlz-input-*
	$(BIN)/zorgstat synth wlz --output demo/wlz-input --claims $(WLZ_CLAIMS) --seed 1 --year 2023 \
		--engine $(ENGINE)
	@touch $@

# Rules and stored tables are the same on any engine, and Sail is quick; Spark, the reference, has the rest. Each of the
# two keeps about one core busy, so they run side by side.
test: $(READY) ## Fast tests, on both engines at once
	@$(MAKE) --no-print-directory -j 2 test-sail test-spark

test-sail: $(READY)
	$(BIN)/pytest -q -m "not slow" --engine sail $(ON_SAIL)

test-spark: $(READY)
	$(BIN)/pytest -q tests/wlz/test_witnesses.py -k golden
	$(BIN)/pytest -m "not slow" $(addprefix --ignore=,$(ON_SAIL_ONLY)) \
		--deselect tests/behandelindex/test_witnesses.py::test_properties

# Not the plans, which are those of Spark alone, and not the making of claims, for which Comet is switched off.
test-comet: $(READY) ## Rules and pipelines by Comet, which is in SPARK=4.1
	$(BIN)/pytest -q -m "not slow" --comet tests/behandelindex tests/wlz tests/io/test_comet.py tests/test_exact.py \
		tests/test_packing.py tests/test_privacy.py tests/test_same_bits.py \
		--ignore=tests/behandelindex/test_plans.py --ignore=tests/behandelindex/test_synth.py

test-all: $(READY) ## All tests on both engines, the slow ones too
	$(BIN)/pytest -q --engine sail $(ON_SAIL)
	$(BIN)/pytest

test-faults: $(READY) ## Kills, crowds, full disks, lost executors, layouts: ten minutes of processes
	$(BIN)/pytest -q --engine sail tests/test_faults.py tests/test_same_bits.py tests/test_privacy_of_runs.py

bench: $(READY) ## Both pipelines beside DuckDB (BENCH_CLAIMS="5000000 20000000" BENCH_WLZ_CLAIMS=20000000 BENCH_ROUNDS=3)
	$(BIN)/python -m bench.run --claims $(BENCH_CLAIMS) --rounds $(BENCH_ROUNDS) --results $(BENCH_RESULTS)
	$(BIN)/python -m bench.run --pipeline wlz --claims $(BENCH_WLZ_CLAIMS) --rounds $(BENCH_ROUNDS) \
		--results $(BENCH_RESULTS)
	$(BIN)/python -m bench.run --start --rounds $(BENCH_ROUNDS) --results $(BENCH_RESULTS)

check: $(READY) ## Style, types and the direction of imports
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

docs: $(READY) ## Make docs/tables.md again from the declarations
	$(BIN)/python docs/tables.py > docs/tables.md

format: $(READY) ## Write the style that check wants
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

wheel: $(READY) ## dist/zorgstat-<version>-py3-none-any.whl
	rm -f dist/*.whl
	$(BIN)/hatchling build --target wheel --directory dist

# The wheel under another name: Python workers import from --py-files *.zip, not from *.whl.
zip: wheel ## dist/zorgstat.zip, for spark-submit --py-files
	cp dist/zorgstat-*.whl dist/zorgstat.zip

lock: $(READY) ## Make requirements.lock again from pyproject.toml (UPGRADE=--upgrade: newer versions)
	$(BIN)/uv pip compile pyproject.toml --all-extras --universal --python-version 3.10 --generate-hashes \
		--quiet --no-annotate --no-emit-index-url --custom-compile-command "make lock" \
		--output-file requirements.lock $(UPGRADE)

clean: ## Remove all that was made here, except .venv and .venv-4.1
	rm -rf dist demo bench/data spark-warehouse metastore_db derby.log .hypothesis .*_cache
	find . -name ".venv*" -prune -o -name __pycache__ -prune -exec rm -rf {} +
