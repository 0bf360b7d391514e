#!/bin/sh
# Installs the Debian packages named as arguments that are not there yet, when root; otherwise
# prints the one command that does and fails. Does nothing on systems without apt.
set -eu

missing=""
for package in "$@"; do
    case "$(dpkg-query --show --showformat='${Status}' "$package" 2>/dev/null || true)" in
        *" installed") ;;
        *) missing="$missing $package" ;;
    esac
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
    echo "Needed from your system's packages (Debian's names):$missing" >&2
    exit 0
fi
if [ "$(id -u)" -ne 0 ]; then
    echo "Run this once as root, then try again:" >&2
    echo "    apt-get update && apt-get install -y$missing" >&2
    exit 1
fi
echo "Installing from Debian:$missing"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086  # the names are words of their own
apt-get install -y -qq --no-install-recommends $missing >/dev/null
