#!/bin/sh
# `make test-torch`, and a part of `make test`: the tests of backends that need PyTorch. They have
# a virtual environment of their own, which looks into MIA's for everything else, so that nobody
# has to install PyTorch for anything else.
#
# requirements-torch.lock pins PyTorch's CPU build. PyTorch keeps those for Linux on an index of its
# own (pip: --extra-index-url or --find-links, as its installation page says); where pip is not
# set to one, this tier is left out with a message, except under CI=true.
set -eu
cd "$(dirname "$0")/.."
venv=.venv-torch

if ! cmp -s requirements-torch.lock "$venv/.lock" 2>/dev/null; then
    echo "Installing PyTorch for its tests (about 900 MB on disk) ..."
    sh scripts/venv.sh "$venv"
    packages="$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"
    own="$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"
    if ! "$venv/bin/python" scripts/install.py requirements-torch.lock; then
        [ "${CI:-}" = true ] && exit 1
        echo "Torch tier: NOT RUN. No CPU build of PyTorch could be had; see the lines above." >&2
        exit 0
    fi
    # torchaudio's compiled functions want the CUDA build of PyTorch on Linux. XTTS uses none of
    # them, and without the files torchaudio is plain Python.
    rm -f "$own"/torchaudio/lib/*.so
    echo "$packages" > "$own/mia.pth"
    cp requirements-torch.lock "$venv/.lock"
fi

# CUDA is not looked for: these tests are about the code, and the CPU has it all.
CUDA_VISIBLE_DEVICES='' PYTHONPATH=src "$venv/bin/python" -m pytest tests/voice_torch tests/memory_torch "$@"
