#!/usr/bin/env bash
# Writes what an installation consists of as CycloneDX JSON, out of the lock alone: the same lock gives the same file.
# Usage: requirements/sbom.sh FILE
set -euo pipefail
out=$(realpath "${1:?the file to write}")
cd "$(dirname "$0")/.."
.venv/bin/python -W ignore -m cyclonedx_py requirements --pyproject pyproject.toml --output-reproducible --short-PURLs \
  --spec-version 1.6 --output-format JSON --validate --output-file "$out" requirements/run.txt
