# A fresh machine needs Python >= 3.11, make and git: the rest is installed here, by hash, into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
AUDIT_LOGS := .e2e/audit
# What `make test` runs on the embedded API server holds of a real one, too.
ON_BOTH := tests/simulator/kube/contract tests/simulator/fargate/behaviour tests/kube/in_cluster
# The tests start programs again and again: without byte code, each of them would first compile a thousand modules.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test coverage e2e kube alerts-test lint fix bench crds manifests gitops docs-tables requirements clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): requirements/uv.txt requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] + ": set PYTHON=…" if sys.version_info < (3, 11) else 0)'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements/uv.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --requirement requirements/dev.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(READY) ## Watch claims become Fargate profiles and pods move onto them, on an embedded EKS and Kubernetes API (under a minute)
	@$(BIN)/fargateclaims demo $(ARGS)

test: $(READY) ## Run all tests
	@$(BIN)/pytest --numprocesses 2 $(ARGS)

coverage: $(READY) ## Run all tests and show which lines and branches they leave out (takes twice the time)
	@$(BIN)/pytest --numprocesses 2 --cov --cov-report term $(ARGS)

kube: ## Build a real control plane from its Go modules, once (minutes), and print its folder
	@tests/kube/controlplane/build.sh

# Most of a test here is waiting: for a Lease to end, for controllers to look again. So there are more workers than CPUs. After the tests
# comes the verdict on what the audit logs say the operator was allowed and did; after ARGS="some of them", not all rights were needed.
# The first test of each worker also waits for its control plane to start.
e2e: $(READY) ## Run the end-to-end tests against a real kube-apiserver
	@assets=$$(tests/kube/controlplane/build.sh) && rm -rf $(AUDIT_LOGS) && \
	  $(BIN)/pytest tests/e2e $(ON_BOTH) --numprocesses 4 --dist worksteal --timeout 600 --control-plane "$$assets" --audit-logs $(AUDIT_LOGS) $(ARGS) \
	  $(if $(ARGS),,&& $(BIN)/pytest tests/audit --quiet --capture no --audit-logs $(AUDIT_LOGS))

alerts-test: ## Check when the alerts fire, with Prometheus' own promtool
	@promtool=$$(tests/deploy/observability/promtool.sh) && \
	  "$$promtool" check rules deploy/helm/fargateclaims/files/alerts.yaml && \
	  "$$promtool" test rules tests/deploy/observability/alerts_test.yaml

lint: $(READY) ## Format check, ruff, mypy, layers
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

fix: $(READY) ## Format and mend what ruff can mend
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: $(READY) ## Measure time against the floor, refused calls, memory (several minutes)
	@$(BIN)/python tests/bench/run.py $(ARGS)

crds: $(READY) ## Write crds/*.yaml from the models
	@$(BIN)/python -m fargateclaims.api.crd crds

manifests: $(READY) ## Write what is rendered from the Helm chart: Kustomize's base and the schema of the settings
	@PYTHONPATH=tests $(BIN)/python -m support.rendering

gitops: $(READY) ## Write deploy/argocd's patch and testdata, and the tables in docs/gitops.md
	@PYTHONPATH=tests $(BIN)/python -m support.gitops_files

docs-tables: $(READY) ## Write the generated tables in docs/
	@$(BIN)/python -m fargateclaims.cli.tables docs

requirements: $(READY) ## Pin all dependencies again
	@for set in "runtime" "simulator --extra simulator" "dev --extra simulator --group dev"; do \
	  set -- $$set; name=$$1; shift; \
	  $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	    pyproject.toml $$@ --output-file requirements/$$name.txt; done
	@sed -n '/^uv==/,/# via/p' requirements/dev.txt > requirements/uv.txt

clean: ## Remove the environment and all caches
	rm -rf $(VENV) .coverage* .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache dist .e2e
