#!/usr/bin/env bash
# Builds the playground into playground/dist if its sources are newer.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

[ -e playground/package-lock.json ] || exit 0
built=playground/dist/index.html
if [ -e "$built" ] &&
    [ -z "$(find playground -path playground/node_modules -prune -o -path playground/dist -prune -o -type f -newer "$built" -print -quit)" ]; then
    exit 0
fi
scripts/install.sh playground
say 'building the playground'
npm --prefix playground run build --silent
touch "$built"
