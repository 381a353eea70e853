#!/bin/bash
# mmdebstrap's hook: makes the root of a worker ($1) out of the packages that were just unpacked there.
# No maintainer script has run: nothing of an installed system is there, and nothing of it is needed.
set -euo pipefail
here=$(realpath "$(dirname "$0")")
cd "$1"

# All that the worker starts: each line is a package and the programs of it.
mapfile -t programs < <(cut --delimiter " " --fields 2- --only-delimited "$here"/{packages,engines}.txt | tr ' ' '\n')

# For scanners: what is in here, in the words of the packages themselves.
list_packages() {
    local package
    for package in var/cache/apt/archives/*.deb; do
        dpkg-deb --field "$package"
        printf 'Status: install ok unpacked\nSHA256: %s\n\n' "$(sha256sum <"$package" | cut --delimiter " " --fields 1)"
    done
}

remove_programs_but() {
    local keep=() name
    for name in "$@"; do keep+=(! -name "$name"); done
    find bin sbin usr/bin usr/sbin ! -type d "${keep[@]}" -delete
}

remove_data() {
    find etc -mindepth 1 -maxdepth 1 ! -name "python3*" ! -name iproute2 ! -name ld.so.conf* -exec rm -r {} +
    rm -rf lib/{systemd,udev} usr/lib/python3*/{lib2to3,pydoc_data} usr/lib/*/{gconv,perl*,libperl*} \
        usr/include var/{backups,cache,lib/apt,log}
    find usr/share ! -type d ! -name copyright -delete
    find etc usr/share -type d -empty -delete
}

name_the_users() {
    printf '%s\n' root:x:0:0::/:/nonexistent nobody:x:65534:65534::/tmp:/nonexistent >etc/passwd
    printf '%s\n' root:x:0: nogroup:x:65534: >etc/group
}

compile_python() {
    PYTHONHASHSEED=0 chroot . /usr/bin/python3 -I -m compileall -q --invalidation-mode unchecked-hash /usr/lib/python3.*
}

list_packages >var/lib/dpkg/status
remove_programs_but "${programs[@]}"
remove_data
name_the_users
compile_python
mkdir -p etc proc run sys # a read-only root can't be given its mount points later
