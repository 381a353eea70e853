#!/bin/bash
# Proves that a fresh machine needs nothing but git and make: a minimal Debian is built beside the system, the last
# commit is cloned into it, and the targets are made there. Root only; needs mmdebstrap.
#
#   scripts/bare-root.sh [TARGET...]      default: demo test
#
# What a package client must know here (sources, keys, proxies, certificates) is lent to it; nothing else is.
set -euo pipefail
cd "$(dirname "$0")/.."

suite=bookworm
cache=${XDG_CACHE_HOME:-$HOME/.cache}/clearway
base=$cache/$suite.tar
targets=("${@:-demo}")
if (($# == 0)); then targets+=(test); fi

say() { echo "bare root: $*"; }

build_base() {
    local sources=()
    mapfile -t sources < <(find /etc/apt -maxdepth 2 -name "*.list" -o -maxdepth 2 -name "*.sources")
    say "builds a minimal $suite with git and make; kept in $base"
    mkdir -p "$cache"
    mmdebstrap --quiet --format=tar --variant=minbase --include=ca-certificates,git,make --aptopt="$acquire" \
        "$suite" "$base.part" "${sources[@]}"
    mv "$base.part" "$base"
}

remove() { rm -rf --one-file-system "$root" "$acquire"; }

((EUID == 0)) || { say "only root can do this" >&2; exit 2; }
command -v mmdebstrap >/dev/null || { say "missing: mmdebstrap" >&2; exit 2; }

acquire=$(mktemp)
root=$(mktemp --directory --tmpdir clearway-bare.XXXXXX)
trap remove EXIT
apt-config dump | grep '^Acquire' >"$acquire" || true

[[ -e $base ]] || build_base
tar --extract --file "$base" --directory "$root"
cp "$acquire" "$root/etc/apt/apt.conf.d/90acquire"

unshare --mount --pid --fork --kill-child "$BASH" scripts/enter-root.sh "$root" "$PWD" bash -euc '
    git -c safe.directory="*" clone --quiet /mnt/repository /clearway
    cd /clearway
    for target in "$@"; do
        echo "bare root: make $target"
        SECONDS=0
        make "$target"
        echo "bare root: make $target took $SECONDS s"
    done
    if ls /usr/sbin/policy-rc.d /etc/rc?.d/S??{nginx,ssh} /etc/systemd/system/*.wants/{nginx,containerd,ssh}.service 2>/dev/null ||
        grep -xE "nginx|containerd|sshd" /proc/[0-9]*/comm; then
        echo "bare root: setup left that behind"
        exit 1
    fi' bash "${targets[@]}"
