#!/bin/bash
# Installs Debian packages, as root, so that none of their services starts now or at the next boot.
# What was installed before is not touched: it may be at work.
#
#   scripts/install-packages.sh PACKAGE...
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive

policy=/usr/sbin/policy-rc.d

forbid_starting_services() {
    if [[ -e $policy ]]; then return; fi # somebody's own rule stands
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
}

is_installed() { dpkg-query --show --showformat '${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed; }

nginx_was_here=no
if is_installed nginx-common; then nginx_was_here=yes; fi

forbid_starting_services
apt-get update -qq
apt-get install --yes -qq --no-install-recommends -o Dpkg::Use-Pty=0 "$@"

if [[ $nginx_was_here == no ]] && is_installed nginx-common; then
    invoke-rc.d --quiet nginx stop || true # in case somebody's rule let it start
    update-rc.d nginx disable
fi
