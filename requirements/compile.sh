#!/usr/bin/env bash
# Renews both locks from pyproject.toml. They hold hashes and no registry address.
# Usage: requirements/compile.sh [--upgrade]      (needs `uv` on the PATH)
set -euo pipefail
cd "$(dirname "$0")/.."
lock() { uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header "$@"; }
build=$(mktemp)
trap 'rm -f "$build"' EXIT
echo "flit_core>=3.12,<4" > "$build"     # the build backend: the package is installed without build isolation
lock pyproject.toml "$build" --no-annotate -o requirements/run.txt "${@}"
lock pyproject.toml "$build" --no-annotate --group bench -o requirements/bench.txt "${@}"
lock pyproject.toml --no-annotate --group mutation -o requirements/mutation.txt "${@}"
lock pyproject.toml "$build" --no-annotate --group dev -o requirements/dev.txt "${@}"
