#!/usr/bin/env bash
# Installs the npm packages of a folder, unless they were installed from its current lock file.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

folder=$1
lock=$folder/package-lock.json
stamp=$folder/node_modules/.installed-from
[ -e "$lock" ] || exit 0
if cmp --silent "$lock" "$stamp"; then
    exit 0
fi
say "installing the npm packages of $folder"
npm --prefix "$folder" ci --no-audit --no-fund --loglevel=error
cp "$lock" "$stamp"
