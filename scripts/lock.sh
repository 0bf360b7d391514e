#!/bin/sh
# Writes the tested versions anew: requirements.lock (what MIA runs on), requirements-dev.lock
# (that and what tests need), and requirements-torch.lock (what the PyTorch tier has beyond those). Every release is pinned with its digests; no index is named, so pip
# asks whichever one the user has set. UPGRADE=1 takes newer releases where there are any.
set -eu
cd "$(dirname "$0")/.."
uv="${UV:-.venv/bin/uv}"

# num2words lists docopt for its own command line only, and docopt has no wheel. hatchling and
# editables build MIA herself from the checkout, without an unpinned download.
compile() {
    output="$1"
    shift
    printf 'hatchling>=1.27\neditables>=0.5\n' | "$uv" pip compile --quiet --universal \
        --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
        --no-emit-package docopt ${UPGRADE:+--upgrade} \
        --extra local --extra edge "$@" pyproject.toml - --output-file "$output"
}

index="$(.venv/bin/python -m pip config get global.index-url 2>/dev/null || true)"
if [ -n "$index" ]; then export UV_DEFAULT_INDEX="$index"; fi

compile requirements.lock
compile requirements-dev.lock --extra dev --constraints requirements.lock

# The PyTorch tier is tested on Linux, with the CPU build that pip's own find-links or extra index
# has; uv does not read pip's settings.
links="$(.venv/bin/python -m pip config get global.find-links 2>/dev/null || true)"
printf 'torch==2.13.0+cpu\ntorchaudio==2.11.0\n' | "$uv" pip compile --quiet --python-version 3.11 \
    --python-platform linux --generate-hashes --no-emit-index-url --no-header --no-annotate \
    --no-emit-find-links ${links:+--find-links "$links"} ${UPGRADE:+--upgrade} \
    --constraints requirements-dev.lock --extra xtts --extra sentence-transformers --extra local --extra edge pyproject.toml - \
    --output-file requirements-torch.lock
.venv/bin/python -m scripts.without requirements-torch.lock requirements-dev.lock

for lock in requirements.lock requirements-dev.lock; do
    if grep -nE '^(--|-[a-z])|://|^torch==|^nvidia-' "$lock"; then
        echo "$lock names an index, a path or torch" >&2
        exit 1
    fi
    { printf '# Tested versions. Written by `make lock`; change pyproject.toml, not this file.\n'
      cat "$lock"; } > "$lock.new"
    mv "$lock.new" "$lock"
done
