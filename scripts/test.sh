#!/bin/sh
# `make test`: everything there is to check on this machine, with nothing skipped silently.
set -u
cd "$(dirname "$0")/.."
bin=.venv/bin

# A real browser for the pages, and what the driver of it links; PortAudio, so that device code is
# tested against the library; liblo's tools, which read the OSC that is sent; Opus, which voice
# channels speak.
sh scripts/apt.sh chromium libatomic1 libportaudio2 liblo-tools libopus0 || exit 1

lint=0
sh scripts/lint.sh || lint=1

# Known holes in the locked versions; says so where nobody can be asked, and decides nothing.
"$bin/python" -m scripts.audit || echo "The audit has findings; see above." >&2

# Every model there is in packages, also those that are not the default: tests run on them all.
"$bin/mia" models pull --yes || exit 1
"$bin/mia" models pull --yes multilingual-e5-small || exit 1

torch=0
sh scripts/test_torch.sh -q || torch=1
"$bin/pytest" "$@"
tests=$?

if [ "$lint" -ne 0 ]; then
    echo "The tests ended with $tests, but lint failed; see above." >&2
    exit 1
fi
if [ "$torch" -ne 0 ]; then
    echo "The tests ended with $tests, but those of the PyTorch tier failed; see above." >&2
    exit 1
fi
exit "$tests"
