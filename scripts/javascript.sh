#!/bin/sh
# Types and style of the pages' scripts, with the Node that the virtual environment holds. The
# tools come from package-lock.json; npm checks their digests.
set -eu
cd "$(dirname "$0")/.."
PATH="$PWD/.venv/bin:$PATH"
export PATH

stamp=node_modules/.checked-lock
if ! cmp -s package-lock.json "$stamp"; then
    npm ci --ignore-scripts --no-audit --no-fund --silent
    cp package-lock.json "$stamp"
fi
npm run --silent check
