#!/bin/sh
# `make test-torch`: the tests of backends that need PyTorch, a tier of its own so that nobody has
# to install it for anything else. `make test` says by this script that it was not part of the run.
set -eu
echo "Torch tier (make test-torch): no backend of MIA needs PyTorch yet, so it holds no tests" \
    "and has never run."
