# The commands of this project. `make` alone lists them; scripts/README.md says what happens on which host.
.DEFAULT_GOAL := help
SHELL := /bin/bash
LAB ?= lab1
SERVE ?= 1
# `make learn PINBOARD_PORT=8090` moves the labs to another port.
export PINBOARD_PORT
# Else each command and each test worker compiles the grader anew: half of a short command's time.
unexport PYTHONDONTWRITEBYTECODE
# Workers that take a file each, in the order of the files. Never Docker tests beside a browser: Chromium gives up what it
# is loading when a network of the machine comes or goes (ERR_NETWORK_CHANGED).
BY_FILE := --dist loadfile --no-loadscope-reorder

.PHONY: help learn test test-fast test-matrix test-restore lint docs site gate bench python-env dev-env engine images image clean

help: ## What can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

learn: python-env engine images ## A lab in a real stack, checked, and the site beside it (LAB=lab3, SERVE=0)
	@scripts/learn "$(LAB)" "$(SERVE)"

test: dev-env engine images lint test-fast gate ## Everything: lint, types, unit, site, gate with real stacks, browser
	@.venv/bin/python -m pytest -m "docker and not browser" --numprocesses 3 $(BY_FILE)
	@chromium=$$(scripts/browser) && axe=$$(scripts/axe) && lighthouse=$$(scripts/lighthouse) && \
	export CHROMIUM="$$chromium" AXE="$$axe" LIGHTHOUSE="$$lighthouse" && \
	.venv/bin/python -m pytest -m "browser and not docker" --numprocesses 2 $(BY_FILE) && \
	.venv/bin/python -m pytest -m "browser and docker"

test-fast: dev-env lint ## What needs no Docker: lint, types, unit tests, docs and site build
	@.venv/bin/grader docs --check
	@.venv/bin/python -m pytest -m "not docker and not browser" --numprocesses 4 --dist worksteal

test-matrix: dev-env engine images ## Every starter, solution, mutant and variant on a real stack (three quarters of an hour)
	@.venv/bin/grader dev check --ledger tests/matrix.json

test-restore: dev-env engine images ## The grader killed twenty times in each check that disturbs, and repaired (hours)
	@.venv/bin/python -m tests.restore --times 20

lint: dev-env
	@.venv/bin/ruff check
	@.venv/bin/ruff format --check
	@.venv/bin/mypy
	@cd labs/app && ../../.venv/bin/mypy --strict pinboard bench wsgi.py

docs: dev-env ## Writes the generated parts of the site
	@.venv/bin/grader docs

site: dev-env ## Builds the site into site/
	@.venv/bin/grader docs --check
	@.venv/bin/mkdocs build --strict

gate: dev-env engine images ## Starters, solutions, and a mutant for each check, on real stacks
	@.venv/bin/grader dev check --slice

bench: dev-env engine images site ## One table: our times beside those of others on the same stack
	@GOSS="$$(scripts/goss)" TESTSSL="$$(scripts/testssl)" OBSERVATORY="$$(scripts/observatory)" \
	CHROMIUM="$$(scripts/browser)" LIGHTHOUSE="$$(scripts/lighthouse)" .venv/bin/python -m tests.bench

image: engine images ## The project's own image: site and grader
	@docker build --tag flask-production-course .

python-env: ## .venv from the hash-locked requirements
	@scripts/python-env

dev-env:
	@scripts/python-env --dev

engine: ## A Docker engine that answers, with Compose
	@scripts/engine

images: ## The base images that the labs build on
	@scripts/images

clean: ## Removes what the project's commands made in this folder
	@rm -rf .venv site .mypy_cache .ruff_cache .pytest_cache
