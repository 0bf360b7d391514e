#!/bin/sh
# The one system library a wheel of ours asks for and does not bring: xllamacpp on Linux needs
# GNU OpenMP, which nearly every desktop has and a minimal server or container has not.
set -eu
[ "$(uname -s)" = Linux ] || exit 0
.venv/bin/python -c 'import ctypes; ctypes.CDLL("libgomp.so.1")' 2>/dev/null ||
    sh "$(dirname "$0")/apt.sh" libgomp1
