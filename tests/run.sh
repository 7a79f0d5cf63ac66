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

# What checks the audit log beside our own program: Go with its signed notes and transparency log, and a
# Python package. They see an exported log and nothing else of ours.
tlog_wheel='aics-tlog==0.2.1'
ensure_foreign_verifiers() {
    local folder="${XDG_CACHE_HOME:-$HOME/.cache}/clerkwork/tlog"
    if ! have go || ! [ -d /usr/share/gocode/src/golang.org/x/mod/sumdb ]; then
        say "no Go with golang.org/x/mod here; a program in it checks the audit log"
        install_packages 'golang-go golang-golang-x-mod-dev' \
            'golang golang-x-mod-devel' 'go' || true
    fi
    if ! PYTHONPATH="$folder" python3 -c 'import aics_tlog' 2>/dev/null; then
        say "putting $tlog_wheel from PyPI into $folder; it checks the audit log"
        python_pip --version >/dev/null 2>&1 || install_packages python3-pip python3-pip python3 || true
        python_pip install --quiet --disable-pip-version-check --ignore-requires-python \
            --target "$folder" "$tlog_wheel" cryptography >&2 ||
            fail "$tlog_wheel could not be installed; see what pip says above"
    fi
}

ensure_toolchain
ensure_redis
export PATH="$PATH:$program_cache"
if ! has_postgres; then
    say "no PostgreSQL here; the tests of the ledger run on a private one"
    install_packages postgresql postgresql-server postgresql || true
    has_postgres || fail "no PostgreSQL could be installed; install it, or name a server in CLERKWORK_TEST_POSTGRES_URL, then run this again"
fi

ensure_foreign_verifiers

if cargo nextest --version >/dev/null 2>&1; then
    # The runner that prints the summary does not know examples in documentation.
    cargo test --workspace --locked --doc --quiet
    exec cargo nextest run --workspace --locked "$@"
fi
exec cargo test --workspace --locked --no-fail-fast "$@"
