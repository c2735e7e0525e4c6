# make run | make test | make check | make bench | make conformance | make screenshots
# All of them do `make setup` first: .venv and static/dist, which is cheap when nothing changed.
PYTHON ?= python3
PY := .venv/bin/python
# Two files at a time, in their order: the browser's are long and come early.
PYTEST ?= -n 2 --dist loadfile --no-loadscope-reorder
NODE = $$($(PY) -c "from tools.programs import node; print(node()[0])")

.PHONY: run setup test check js-test bench conformance screenshots clean

run: setup
	@$(PY) app.py

setup:
	@$(PYTHON) tools/bootstrap.py

# check, then the page's model under node, then everything that pytest finds, the browser included.
test: check js-test
	@$(PY) -m tools.programs chromium nasm bochs
	$(PY) -m pytest $(PYTEST)

check: setup
	$(PY) -m ruff check .
	$(PY) -m mypy
	$(NODE) node_modules/typescript/bin/tsc --noEmit -p .

js-test: setup
	$(NODE) --test $$(find tests/js -name '*.test.mjs' -o -name '*.test.js' | sort)

# Figures are reported, never asserted.
bench: setup
	@$(PY) -m tests.bench

# The programs of tests/conformance, here and on Bochs: a table of all, then the other comparisons, then 10,000 random
# trials (FUZZ="--trials 50000 --seed 3" for others).
conformance: setup
	@$(PY) -m tools.programs nasm bochs
	$(PY) tests/conformance/run.py --bochs
	$(PY) -m pytest tests/conformance --ignore=tests/conformance/test_programs.py
	$(PY) -m tests.conformance.fuzz $(FUZZ)

# Every page in every size and theme, into build/screenshots (or TO=folder).
screenshots: setup
	@$(PY) -m tools.programs chromium
	@$(PY) -m tools.screenshots $(TO)

clean:
	rm -rf .venv node_modules static/dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info
