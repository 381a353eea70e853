#!/bin/bash
# Installs Debian packages, as root, so that none of their services starts now or at the next boot.
# What was installed before is not touched: it may be at work.
#
#   scripts/install-packages.sh PACKAGE...
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive

policy=/usr/sbin/policy-rc.d

forbid_starting_services() {
    if [[ -e $policy ]]; then return; fi # the administrator's own rule is kept
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
}

is_installed() { dpkg-query --show --showformat '${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed; }

# Prints PACKAGE:SERVICE of those that are not here yet.
services_to_come() {
    local entry
    for entry in nginx-common:nginx containerd:containerd openssh-server:ssh; do
        is_installed "${entry%%:*}" || echo "$entry"
    done
}

keep_from_starting() { # SERVICE: now, in case the administrator's rule let it start, and at the next boot
    invoke-rc.d --quiet "$1" stop || true
    if [[ -e /etc/init.d/$1 ]]; then update-rc.d "$1" disable; fi
    rm -f /etc/systemd/system/*.wants/"$1.service"
}

mapfile -t to_come < <(services_to_come)

forbid_starting_services
apt-get update -qq
apt-get install --yes -qq --no-install-recommends -o Dpkg::Use-Pty=0 "$@"

for entry in "${to_come[@]}"; do
    if is_installed "${entry%%:*}"; then keep_from_starting "${entry##*:}"; fi
done
