#!/bin/sh
# Makes the virtual environment named as the argument. On Debian and Ubuntu the module for that
# is a package of its own: root gets it installed here, everybody else is told the one command.
set -eu
venv="$1"
python="${PYTHON:-python3}"

packages="python3-venv"
case "$(basename "$python")" in
    python3.*) packages="$(basename "$python")-venv" ;;
esac
command -v "$python" >/dev/null 2>&1 || packages="$(basename "$python") $packages"

usable() {
    "$python" -c 'import ensurepip, venv' >/dev/null 2>&1
}

if ! usable; then
    sh "$(dirname "$0")/apt.sh" $packages
    usable || { echo "$python cannot make virtual environments." >&2; exit 1; }
fi

"$python" - <<'PYTHON'
import sys

if sys.version_info < (3, 11):
    sys.exit(
        f"MIA needs Python 3.11 or newer; {sys.executable} is {sys.version.split()[0]}.\n"
        "Name another one with: make PYTHON=python3.12 ..."
    )
PYTHON

"$python" -m venv "$venv"
