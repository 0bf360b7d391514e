#!/bin/sh
# Everything that can be checked without running MIA. Goes through all of it, then fails if any
# part did. FAST=1 (the commit hook) leaves the types out.
set -u
cd "$(dirname "$0")/.."
bin=.venv/bin
failed=""

check() {
    name="$1"
    shift
    if "$@"; then echo "ok      $name"; else echo "FAILED  $name"; failed="$failed, $name"; fi
}

check "ruff check" "$bin/ruff" check --quiet .
check "ruff format" "$bin/ruff" format --quiet --check .
check "import direction" "$bin/lint-imports" --no-logo
check "rules of this repository" "$bin/python" -m scripts.check_tree
check "JavaScript: tsc, eslint" sh scripts/javascript.sh
[ "${FAST:-}" = 1 ] || check "mypy --strict" "$bin/mypy"

[ -z "$failed" ] || { echo "lint failed: ${failed#, }" >&2; exit 1; }
