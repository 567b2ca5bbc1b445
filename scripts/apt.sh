#!/usr/bin/env bash
# Installs Debian or Ubuntu packages as root. Prevents the packages of the databases from creating a cluster and
# starting services, as only their programs are used.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive

# Read by PostgreSQL's package during its installation, and removed again, so that it does not affect packages that
# an administrator installs later.
cluster=/etc/postgresql-common/createcluster.d/triptych.conf
mkdir -p "${cluster%/*}"
echo 'create_main_cluster = false' > "$cluster"

policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    # Exit code 101: the action is forbidden.
    printf '#!/bin/sh\nexit 101\n' > "$policy"
    chmod 755 "$policy"
    remove_policy() { rm -f "$policy"; }
else
    remove_policy() { :; }
fi
trap 'remove_policy; rm -f "$cluster"' EXIT

apt-get update --quiet=2
apt-get install --yes --quiet=2 --no-install-recommends -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confold "$@"
