#!/usr/bin/env bash
# Runs every test: installs what they need, then hands over to the runner, whose summary comes last.
# The tests start private servers of their own and stop them again. Further options go to the
# runner, for example a part of a test's name.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=deploy/packages.sh
. deploy/packages.sh

# PostgreSQL's programs lie outside PATH on Debian.
has_postgres() {
    [ -n "${CLERKWORK_TEST_POSTGRES_URL:-}" ] || have initdb ||
        compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null
}

ensure_toolchain
ensure_redis
export PATH="$PATH:$program_cache"
if ! has_postgres; then
    say "no PostgreSQL here; the tests of the ledger run on a private one"
    install_packages postgresql postgresql-server postgresql || true
    has_postgres || fail "no PostgreSQL could be installed; install it, or name a server in CLERKWORK_TEST_POSTGRES_URL, then run this again"
fi

if cargo nextest --version >/dev/null 2>&1; then
    # The runner that prints the summary does not know examples in documentation.
    cargo test --workspace --locked --doc --quiet
    exec cargo nextest run --workspace --locked "$@"
fi
exec cargo test --workspace --locked --no-fail-fast "$@"
