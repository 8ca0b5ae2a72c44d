# Two commands for newcomers: `make run` shows argusd at work, `make test` proves it. Both set up what they need.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# What runs is installed, and what tests it. Each is made anew where what it asks for has changed.
RUNS := $(VENV)/.runs
TESTS := $(VENV)/.tests
PIP := $(BIN)/pip --disable-pip-version-check
# With an NVIDIA driver the CUDA build of ONNX Runtime; the two builds exclude each other.
EXTRA := $(shell nvidia-smi -L >/dev/null 2>&1 && echo gpu || echo cpu)
# The WebRTC peers that tests publish with, a TURN server, what runs the clients of docs/clients.md, what reads
# metrics, a compiler that builds the CUDA kernels for the host, a clock that can be set, what makes networks of
# test hosts, and what checks the units.
PEERS := chromium coturn curl firefox-esr g++ gir1.2-gst-plugins-bad-1.0 golang-go gstreamer1.0-nice \
    gstreamer1.0-plugins-bad gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-ugly iproute2 \
    libfaketime prometheus python3-gi systemd
NPM_PEERS := tests/peers/node_modules/.package-lock.json

.PHONY: setup test-setup system-packages test-packages run test faults hosts fuzz soak image-steps bench bench-peers accuracy docs clean

setup: $(RUNS)
test-setup: $(TESTS)

$(RUNS): pyproject.toml
	@$(MAKE) --no-print-directory system-packages
	@test -x $(BIN)/python || { echo "making $(VENV) …"; $(PYTHON) -m venv $(VENV); }
	@echo "installing what runs: about 0.7 GB, more with a GPU …"
	@$(PIP) install -e '.[$(EXTRA)]'
	@touch $@

$(TESTS): $(RUNS) tests/oracles.txt
	@echo "installing what tests it: about 2.5 GB more …"
	@$(PIP) install -e '.[$(EXTRA),bench,test]'
	@$(PIP) install --no-deps -r tests/oracles.txt
	@touch $@

# Installs the Debian packages in the shell's $$missing. Who may not is told their names; $(1) is the status then.
define install-missing
if [ -z "$$missing" ]; then exit 0; fi; \
if [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then \
    echo "please install first:" $$missing; exit $(1); \
fi; \
apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $$missing
endef

# What pip cannot bring: Debian keeps venv's core apart, and some of the models come through npm.
system-packages:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	    || { echo "argusd needs Python 3.11 or later; name one: make PYTHON=python3.11"; exit 1; }
	@missing=$$($(PYTHON) -c 'import ensurepip' 2>/dev/null || echo python3-venv; command -v npm >/dev/null || echo npm); \
	$(call install-missing,1)

# The peers that tests run; tests of one that is missing skip, and say so. Tests start coturn and
# Prometheus themselves: their units are masked before they are installed, else Debian would start them for everybody.
test-packages: system-packages
	@missing=$$(for name in $(PEERS); do \
	    dpkg-query -W -f '$${db:Status-Status}\n' $$name 2>/dev/null | grep -qx installed || echo $$name; done); \
	for unit in coturn prometheus; do \
	    case "$$missing" in *$$unit*) ln -s /dev/null /etc/systemd/system/$$unit.service 2>/dev/null;; esac; done; \
	$(call install-missing,0)
	@$(MAKE) --no-print-directory $(NPM_PEERS)

$(NPM_PEERS): tests/peers/package-lock.json
	npm ci --prefix tests/peers --ignore-scripts --no-audit --no-fund
	@touch $@

run: setup
	@echo "starting argusd …"
	@$(BIN)/argusd demo

# In a folder whose name is short: the path of a Unix socket holds 107 bytes. Many tests drive browsers and whole
# daemons, several at once: what fails in that company has one more try alone, where it shows whether it was that.
test: test-setup test-packages
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	folder=$$(mktemp -d) && trap "rm -rf $$folder" EXIT; \
	$(BIN)/pytest -n auto --maxprocesses 4 --basetemp=$$folder; status=$$?; \
	if [ $$status != 1 ]; then exit $$status; fi; \
	echo "what failed is tried once more, alone; a test that needs that is to be mended …"; \
	$(BIN)/pytest --last-failed --last-failed-no-failures none --maxfail 3 --basetemp=$$folder

# The fault table: each row REPEATS times, then what recovery took and what was lost.
REPEATS ?= 20
faults: test-setup test-packages
	$(BIN)/pytest tests/faults --fault-repeats=$(REPEATS)

# Hosts that share a Redis die, lose their cable, drain: each REPEATS times, with the limits that hold then.
hosts: test-setup test-packages
	$(BIN)/pytest tests/hosts --fault-repeats=$(REPEATS)

# Each target of tests/fuzz for TIME seconds; what is found lies in tests/fuzz/corpus from then on.
TIME ?= 20
fuzz: test-setup
	$(BIN)/python -c 'import atheris' 2>/dev/null || $(PIP) install -e '.[fuzz]'
	$(BIN)/pytest tests/fuzz --fuzz-seconds=$(TIME) --timeout=0

# The Containerfile's steps in a fresh Debian, then its daemon as a cluster would run it: some minutes and 10 GB, as root.
IMAGE ?= /var/tmp/argusd-image
image-steps: test-setup
	@missing=$$(command -v debootstrap >/dev/null || echo debootstrap); $(call install-missing,1)
	$(BIN)/python -m tests.containers.steps $(IMAGE)
	$(BIN)/python -m tests.containers.trial $(IMAGE)

# Half an hour on a machine that does nothing else; what is not made by bench-peers is left out.
bench: test-setup
	$(BIN)/argusd bench all --into benchmarks/results

# The environments of what people would take instead of argusd, for `argusd bench tasks` and `live`.
bench-peers: test-setup
	$(BIN)/python -m argusd.benchmarks.rivals.environments

# Callers come and go for HOURS; what grows that may not is named, and everything is drawn.
HOURS ?= 1
soak: test-setup
	$(BIN)/argusd bench soak --hours $(HOURS) --json soak.json --plot soak.png

# What the labelled media in LABELS show, beside what the daemon says of them; then so many calm MINUTES of
# them (docs/accuracy.md). On two idle cores 20 minutes, and 12 for each further hour.
LABELS ?= ../shared/media/valset
MINUTES ?= 30
accuracy: test-setup
	$(BIN)/argusd bench accuracy --labels $(LABELS) --minutes $(MINUTES) --json accuracy.json --html accuracy.html

# The documents as a site, in api/guide, where the daemon finds it (/guide/); a broken link fails.
docs: setup
	@$(PIP) install -q -e '.[docs]'
	$(BIN)/python -m sphinx -q -W --keep-going -b html -d build/doctrees docs api/guide
	@echo "built: /guide/ of the daemon, or api/guide/index.html"

clean:
	rm -rf $(VENV) build dist api/guide *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis tests/peers/node_modules
