#!/bin/bash
# Makes a directory the root of this mount namespace and runs a command there. Only for `unshare --mount --pid`.
#
#   scripts/enter-root.sh ROOT REPOSITORY COMMAND...
#
# REPOSITORY is seen there, read only, as /mnt/repository; so is the configuration of the package clients of this machine.
set -euo pipefail
root=$1 repository=$2
shift 2

lend() { # PATH [PLACE]: shows a file or directory of this machine in the new root, read only
    local path=$1 place=$root${2:-$1}
    if [[ -d $path ]]; then
        mkdir -p "$place"
    elif [[ -e $path ]]; then
        mkdir -p "${place%/*}"
        [[ -e $place ]] || : >"$place"
    else
        return 0
    fi
    mount --bind "$path" "$place"
    mount -o remount,bind,ro "$place"
}

lend_client_settings() {
    local path
    for path in /etc/apt/{sources.list,sources.list.d,keyrings,trusted.gpg.d,auth.conf.d} /usr/share/keyrings \
        /etc/pip.conf "$HOME"/.config/pip "$HOME"/.pip "$HOME"/.netrc ${PIP_FIND_LINKS:-} \
        /etc/ssl/certs /usr/share/ca-certificates /usr/local/share/ca-certificates /etc/resolv.conf /etc/hosts; do
        lend "$path"
    done
}

mount_system() {
    mount -t proc proc "$root/proc"
    mount --rbind /sys "$root/sys"
    mount --rbind /dev "$root/dev"
    mount -t tmpfs tmpfs "$root/run"
}

client_environment() {
    env | grep -iE '^((https?|ftp|all|no)_proxy|PIP_[A-Z_]+|SSL_CERT_(FILE|DIR)|[A-Z_]+_CA_BUNDLE|GIT_SSL_CAINFO)=' || true
}

mount --make-rprivate /
mount --bind "$root" "$root"
mount_system
lend_client_settings
lend "$repository" /mnt/repository
mapfile -t settings < <(client_environment)

cd "$root"
mkdir old-root
pivot_root . old-root
cd /
umount --lazy old-root
rmdir old-root
exec env -i HOME=/root TERM="${TERM:-dumb}" LANG=C.UTF-8 \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "${settings[@]}" "$@"
