#!/usr/bin/env bash
# Installs missing dependencies. Arguments: the parts to install, of engines, browser, playground, test-clients, bench,
# peers.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh
. scripts/packages.sh

for part in "$@"; do
    case $part in
        engines)
            has_postgres || want postgresql
            have redis-server || have valkey-server || want redis
            # setpriv, which ends the databases with the server, is part of the base system of current distributions.
            [ "$(uname)" != Linux ] || have setpriv || want util-linux
            ;;
        browser) has_chromium || want chromium ;;
        bench) have wrk || want wrk ;;
        playground | test-clients | peers) have npm || want npm ;;
        *) refuse "unknown part: $part" ;;
    esac
done
install_wanted

for part in "$@"; do
    case $part in
        engines) scripts/mongod.sh ;;
        playground) scripts/npm.sh playground ;;
        test-clients) scripts/npm.sh tests/clients ;;
        peers) scripts/npm.sh tests/peers ;;
    esac
done
