# Thin on purpose: what each target does is in scripts/, which say more.
#   make demo    build brolga into .venv and show it at work
#   make test    everything CI runs, on every CPython 3.11-3.14 found
#   make stress  the Python tests under every stress mode
#   make lint    formatting, clippy, ruff, mypy
#   make bench   the program corpus against plain CPython, and the Rust benches
#   make cpython-tests  CPython's own tests of the language core under brolga, on every Python that has them
#   make fuzz    random functions, brolga against the interpreter, until stopped

# The interpreter that runs the scripts and gets the demo: PYTHON=/path/to/python3.12 make demo
PYTHON ?= $(shell python3 scripts/find_pythons.py --one)

.PHONY: demo test stress lint bench cpython-tests fuzz clean .venv python

demo: .venv
	.venv/bin/python examples/demo.py

# pip builds through pyproject.toml, as a user's `pip install brolga` from source would.
.venv: python
	@echo "building brolga for $(PYTHON): a few minutes the first time, seconds after"
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check .

python:
	@test -n "$(PYTHON)" || { python3 scripts/find_pythons.py --why; exit 1; }

test: python
	$(PYTHON) scripts/check.py

stress: python
	$(PYTHON) scripts/check.py stress

lint: python
	$(PYTHON) scripts/check.py lint

bench: .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check $$(grep ^numpy scripts/requirements.txt)
	.venv/bin/python benches/run.py
	.venv/bin/python benches/costs.py
	.venv/bin/python benches/warmup.py
	.venv/bin/python scripts/rust_benches.py

cpython-tests: python
	$(PYTHON) scripts/cpython_tests.py

fuzz: .venv
	.venv/bin/python jit-tests/fuzz --until-stopped

clean:
	rm -rf .venv .venvs .cpython target
