# Two commands for newcomers: `make run` shows argusd at work, `make test` proves it. Both set up what they need.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# With an NVIDIA driver the CUDA build of ONNX Runtime; the two builds exclude each other.
EXTRA := $(shell nvidia-smi -L >/dev/null 2>&1 && echo gpu || echo cpu)

.PHONY: setup run test bench clean

setup: $(STAMP)

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	    || { echo "argusd needs Python 3.11 or later; name one with: make PYTHON=python3.11"; exit 1; }
	@command -v npm >/dev/null || $(MAKE) --no-print-directory system-packages
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --disable-pip-version-check --progress-bar on -e '.[$(EXTRA),bench,test]'
	@touch $(STAMP)

# npm fetches some of the models.
.PHONY: system-packages
system-packages:
	@if [ "$$(id -u)" = 0 ]; then \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends npm; \
	else \
	    echo "npm is missing; install it: sudo apt-get install npm"; exit 1; \
	fi

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
