# The tasks of this repository. `make help` lists them.
export PATH := $(HOME)/.cargo/bin:$(PATH)
SHELL := /bin/bash
TARGET := $(or $(CARGO_TARGET_DIR),target)
OUT := out
# AAC is encoded by a library whose licence is not one of this project, so it is not built by default.
ALL_CODECS := --features crowd-radio/aac

.DEFAULT_GOAL := help
.PHONY: help demo demo-radio music test proof release bench lint format doc setup setup-test setup-bench setup-32bit test-32bit clippy no-features msrv packages portable

help: ## List these tasks
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: setup ## Play a set of 75 seconds on audio-server and record it: out/demo.wav, out/demo.png (MUSIC_DIR=... for your own music)
	cargo build --release --locked -p audio-server -p crowd-engine-examples --bins
	$(TARGET)/release/demo --out $(OUT) $(if $(MUSIC_DIR),--music "$(MUSIC_DIR)")

demo-radio: setup ## Generate music, broadcast it for two minutes, listen to it, and draw what was heard: out/radio/heard.png
	cargo build --release --locked -p crowd-radio --features aac
	$(TARGET)/release/crowd-radio demo --out $(OUT)/radio

test: setup-test ## Run all tests
	cargo test --workspace --locked $(ALL_CODECS)

portable: setup ## Check that the engine compiles for Windows, macOS and WebAssembly
	scripts/portable_check.sh

test-32bit: setup-32bit ## Run the engine's tests as a 32-bit program (on x86-64)
	cargo test --locked --target i686-unknown-linux-gnu -p crowd-engine --no-default-features --lib --test promises --test commands --test stretch --test stream

lint: format clippy doc no-features ## Check format, warnings, documentation and builds without features, as CI does

format:
	@cargo fmt --version >/dev/null 2>&1 || rustup component add rustfmt
	cargo fmt --all --check

clippy: setup
	@cargo clippy --version >/dev/null 2>&1 || rustup component add clippy
	cargo clippy --workspace --all-targets --locked $(ALL_CODECS) -- -D warnings

doc: setup ## Build the documentation of all crates: target/doc
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked $(ALL_CODECS)

no-features: # Without features the engine is pure Rust and needs no system library, and enhance-server needs no object store.
	cargo build --locked -p crowd-engine --no-default-features
	cargo check --locked -p enhance-server --no-default-features
	scripts/media_features.sh

msrv: setup ## Check that the oldest supported Rust compiles the libraries and programs
	scripts/msrv.sh

packages: setup-test ## Check the files and licences of each package, and use the packaged crates from a project outside
	scripts/package_check.sh
	scripts/outside_check.sh

proof: setup-test ## Run the long checks: fuzzing, loom, Miri, sanitizer, ARM, licences (missing tools are reported)
	scripts/proof.sh

music: setup ## Render 20 seconds of each style of music-generator, and a page with them: out/music/index.html
	scripts/music_page.sh $(OUT)/music

release: setup ## Build the programs for distribution, stripped, with debug information in separate files: out/release
	scripts/release.sh $(OUT)/release

bench: setup-bench ## Measure the cost of a block in instructions and time, and compare with other programs
	scripts/bench.sh

setup:
	@scripts/setup.sh build

setup-test:
	@scripts/setup.sh test

setup-bench:
	@scripts/setup.sh bench

setup-32bit:
	@scripts/setup.sh 32bit
