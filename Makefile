# The entry points. Each target installs missing dependencies first.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help install serve test check bench sdl fmt lint layers doc deny playground

target := $(or $(CARGO_TARGET_DIR),target)
triptych := $(target)/debug/triptych
# Every build selects the whole workspace and picks from it: features of dependencies are then the same for all
# targets of this file, and nothing is compiled a second time.
build := cargo build --workspace
# The benchmarks to run, as in `make bench ONLY=query`; all if it is empty.
ONLY :=
say = @printf '\033[1m▸ %s\033[0m\n'

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: ## install what is missing: databases, npm packages
	@scripts/install.sh engines playground

serve: install playground ## build, start private databases and serve on http://127.0.0.1:8000
	$(say) 'building the server'
	@$(build) --bin triptych
	@exec $(triptych) serve

test: ## run every test against real databases
	@scripts/install.sh engines browser playground test-clients
	@$(MAKE) --no-print-directory playground
	$(say) 'building the server and the tests'
	@$(build) --bin triptych --tests
	$(say) 'testing'
	@set -o pipefail; cargo test --workspace 2>&1 | tee $(target)/test.log
	@awk '/^test result:/ { passed += $$4; failed += $$6; skipped += $$8 } \
		END { printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped }' $(target)/test.log

check: fmt lint layers doc deny ## format, lints, layer rules, documentation, licences, SDL up to date
	$(say) 'comparing the SDL with schema/schema.graphql'
	@$(build) --quiet --bin triptych
	@$(triptych) schema | diff --unified schema/schema.graphql - \
		|| { echo 'The SDL differs from the schema. Run `make sdl` and commit the result.'; exit 1; }

fmt:
	$(say) 'checking the format'
	@cargo fmt --all --check

lint: playground
	$(say) 'running clippy'
	@cargo clippy --workspace --all-targets -- --deny warnings

layers: playground
	$(say) 'checking the layer rules'
	@cargo test --quiet --package triptych-tests --lib layers::

doc: playground ## build the API documentation of all crates
	$(say) 'building the API documentation'
	@RUSTDOCFLAGS='--deny warnings' cargo doc --quiet --workspace --no-deps --document-private-items

# Without advisories, as a new one must not fail an unrelated change: `cargo deny check advisories` reads those.
deny:
	$(say) 'checking licences and sources of dependencies'
	@if command -v cargo-deny > /dev/null; then cargo deny --log-level error check bans licenses sources; \
		else echo 'cargo-deny is not installed; skipped (cargo install --locked cargo-deny)'; fi

sdl: ## write the schema to schema/schema.graphql
	@$(build) --quiet --bin triptych
	@$(triptych) schema > schema/schema.graphql.new && mv schema/schema.graphql.new schema/schema.graphql

bench: install playground ## measure throughput and latency beside their floors and peers; ONLY=query, flows or streams
	@scripts/install.sh $(if $(ONLY),$(if $(filter query,$(ONLY)),bench peers),bench peers)
	$(say) 'building for speed'
	@$(build) --release --bins
	@exec $(target)/release/bench $(ONLY)

# The server embeds the playground's files, so they have to exist before anything compiles.
playground:
	@scripts/playground.sh
