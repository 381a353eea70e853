#!/bin/bash
# Brings a machine to where clearway runs from this clone: Debian packages that are missing, and a virtual environment.
#
#   scripts/setup.sh runtime|dev|image
#
# PYTHON (default python3; 3.11 or newer) makes the environment, VENV (default .venv) is its place.
# Exit: 0 ready; 2 something is missing that cannot be installed from here, and it is named.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin # an ordinary user's PATH lacks them

kind=${1:?runtime, dev or image}
python=${PYTHON:-python3}
venv=${VENV:-.venv}

programs=(nft:nftables ip:iproute2 tc:iproute2 unshare:util-linux ssh:openssh-client) # PROGRAM:PACKAGE
while read -r package program; do programs+=("$program:$package"); done <image/engines.txt
if [[ $kind == dev ]]; then
    # the tests look at packets, kill tools, log in over ssh, run a Kubernetes of their own, pack an image, and read a report
    programs+=(tcpdump:tcpdump pkill:procps sysctl:procps openssl:openssl sshd:openssh-server
        containerd:containerd runc:runc /usr/lib/cni/bridge:containernetworking-plugins
        mmdebstrap:mmdebstrap buildah:buildah chromium:chromium)
fi

say() { echo "setup: $*"; }
fail() {
    echo "setup: $*" >&2
    exit 2
}

missing_packages() {
    local entry
    for entry in "${programs[@]}"; do
        command -v "${entry%%:*}" >/dev/null || echo "${entry##*:}"
    done | sort --unique
    if [[ $kind != image && $python == python3 ]] && ! python3 -c 'import ensurepip, venv' 2>/dev/null; then echo python3-venv; fi
}

# Prints what makes the next command root's: nothing for root, else sudo. Fails where neither is to be had.
as_root() {
    if ((EUID == 0)); then return; fi
    command -v sudo >/dev/null || return 1
    if [[ -t 0 ]]; then sudo -v && echo sudo; else sudo -n true 2>/dev/null && echo "sudo -n"; fi
}

install_packages() {
    local root
    command -v apt-get >/dev/null || fail "missing, by the names of Debian's packages: $* (there is no apt-get here)"
    root=$(as_root) || fail "missing: $*; as root: apt-get install --no-install-recommends $*"
    say "installs the Debian packages $*"
    # shellcheck disable=SC2086 # no word, one or two
    $root "$BASH" scripts/install-packages.sh "$@"
}

require_python() {
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
        fail "$python is no Python 3.11 or newer; name one: make PYTHON=/path/to/python3.11"
    "$python" -c 'import ensurepip, venv' 2>/dev/null || fail "$python lacks the modules venv and ensurepip"
}

fingerprint() { # of everything that the environment of this kind is made from
    { echo "$PWD" "$venv" && cat "requirements/$1.txt" pyproject.toml scripts/setup.sh; } | sha256sum
}

is_ready() {
    [[ -x $venv/bin/clearway && $(cat "$venv/.ready-$1" 2>/dev/null) == "$(fingerprint "$1")" ]]
}

install_requirements() {
    "$venv/bin/python" -m pip install --no-input --disable-pip-version-check \
        --require-hashes --no-deps --only-binary :all: --requirement "requirements/$kind.txt" |
        sed --unbuffered --quiet 's/^Collecting \([^ ]*\).*/setup:   \1/p'
}

install_clearway() {
    # The build backend looks for its own program by PATH.
    PATH=$(realpath "$venv")/bin:$PATH "$venv/bin/python" -m pip install --quiet --no-input --disable-pip-version-check \
        --no-index --no-deps --no-build-isolation --editable .
}

# pip and setuptools of ensurepip are as old as the Python itself, and known to be unsafe. Where the lock file names them,
# they were replaced by now; nothing else needs them.
remove_installers() {
    local name unlocked=()
    for name in setuptools pip; do
        grep --quiet "^$name==" "requirements/$kind.txt" || unlocked+=("$name")
    done
    if ((${#unlocked[@]} == 0)); then return; fi
    "$venv/bin/python" -m pip uninstall --quiet --yes --disable-pip-version-check "${unlocked[@]}" 2>/dev/null
}

make_environment() {
    require_python
    say "makes $venv with $("$python" --version)"
    "$python" -m venv "$venv"
    say "installs into it the $(grep --count == "requirements/$kind.txt") packages of requirements/$kind.txt"
    install_requirements
    say "installs clearway into it, from this clone"
    install_clearway
    remove_installers
    fingerprint "$kind" >"$venv/.ready-$kind"
}

if [[ $kind == image ]]; then programs=(mmdebstrap:mmdebstrap buildah:buildah); fi
mapfile -t missing < <(missing_packages)
if ((${#missing[@]})); then install_packages "${missing[@]}"; fi
if [[ $kind == image ]]; then exit; fi # it is built by any Python, with nothing installed
if ! is_ready "$kind" && ! is_ready dev; then make_environment; fi
if [[ -w src ]]; then "$venv/bin/python" -m compileall -q src; fi # its start-up time is part of the promise
say "ready ($kind)"
