#!/usr/bin/env bash
# From a fresh clone to a running demo: sees to a Redis and a C compiler, builds, and starts
# `clerkwork up --demo`. Further options go to that command, for example:
#
#   bash deploy/quickstart.sh --once --json
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=deploy/packages.sh
. deploy/packages.sh

ensure_toolchain
ensure_redis
say "building (the first time takes some minutes)"
cargo build --release --locked -p clerkwork-cli
say "starting the demo; Ctrl-C ends it"
exec "${CARGO_TARGET_DIR:-target}/release/clerkwork" up --demo "$@"
