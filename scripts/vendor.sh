#!/bin/sh
# Writes src/mia/web/ui/vendor/ anew: the engine that draws the user's own VRM model (three.js,
# three-vrm), trimmed to what js/vrm/ uses and minified into one module. Pages load it only when a
# model is shown. Versions are those of package-lock.json, whose digests npm checks.
set -eu
cd "$(dirname "$0")/.."
PATH="$PWD/.venv/bin:$PATH"
export PATH

[ -x node_modules/.bin/esbuild ] || npm ci --ignore-scripts --no-audit --no-fund --silent
to=src/mia/web/ui/vendor
mkdir -p "$to"

version() { node -p "require('./node_modules/$1/package.json').version"; }

node_modules/.bin/esbuild scripts/vendor-entry.js --bundle --minify --format=esm --target=es2022 \
    --legal-comments=none --log-level=error --outfile="$to/three-vrm.js" \
    --banner:js="/* three $(version three), @pixiv/three-vrm $(version @pixiv/three-vrm); both MIT, see LICENSE.txt. Written by scripts/vendor.sh. */"

{
    echo "three.js $(version three)"
    echo
    cat node_modules/three/LICENSE
    echo
    echo "@pixiv/three-vrm $(version @pixiv/three-vrm)"
    echo
    cat node_modules/@pixiv/three-vrm/LICENSE
} > "$to/LICENSE.txt"
