"""Does every pinned dependency have a wheel where MIA is meant to run?

Resolves the lock files through the index this machine is set to (pip's or uv's own setting), reads
the list of files each release has, and downloads none of them. Prints one row for each dependency
that lacks a wheel, and a table of counts; exits with 1 if any is missing.

    .venv/bin/python scripts/check_lock.py [requirements.lock ...]
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.tags import Tag, compatible_tags, cpython_tags, mac_platforms
from packaging.utils import canonicalize_name, parse_wheel_filename

ROOT = Path(__file__).resolve().parent.parent
LOCKS = (ROOT / "requirements.lock", ROOT / "requirements-dev.lock")
PYTHONS = ((3, 11), (3, 12), (3, 13))
#: glibc of Debian 12 and the oldest macOS that its maker still looks after.
GLIBC = (2, 36)
MACOS = (14, 0)

HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Pin:
    """One line of a lock file: a release, where it applies, and the digests it may have."""

    name: str
    version: str
    marker: Marker | None
    hashes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Target:
    """A system and a CPython that MIA is to be installable on."""

    system: str
    python: tuple[int, int]

    @property
    def name(self) -> str:
        """As the table shows it."""
        return f"{self.system} cp{self.python[0]}{self.python[1]}"

    def environment(self) -> dict[str, str]:
        """The values of environment markers there."""
        version = ".".join(map(str, self.python))
        return {
            "implementation_name": "cpython",
            "platform_python_implementation": "CPython",
            "python_version": version,
            "python_full_version": f"{version}.0",
            "extra": "",
            **{
                "windows": {
                    "sys_platform": "win32",
                    "platform_system": "Windows",
                    "platform_machine": "AMD64",
                    "os_name": "nt",
                },
                "macos": {
                    "sys_platform": "darwin",
                    "platform_system": "Darwin",
                    "platform_machine": "arm64",
                    "os_name": "posix",
                },
                "linux": {
                    "sys_platform": "linux",
                    "platform_system": "Linux",
                    "platform_machine": "x86_64",
                    "os_name": "posix",
                },
            }[self.system],
        }

    def tags(self) -> frozenset[Tag]:
        """Every wheel tag that pip would accept there."""
        if self.system == "windows":
            platforms = ["win_amd64"]
        elif self.system == "macos":
            platforms = list(mac_platforms(MACOS, "arm64"))
        else:
            old = ["manylinux2014_x86_64", "manylinux2010_x86_64", "manylinux1_x86_64"]
            new = [f"manylinux_2_{minor}_x86_64" for minor in range(GLIBC[1], 4, -1)]
            platforms = [*new, *old, "linux_x86_64"]
        interpreter = f"cp{self.python[0]}{self.python[1]}"
        return frozenset(
            [
                *cpython_tags(self.python, platforms=platforms),
                *compatible_tags(self.python, interpreter, platforms),
            ]
        )


TARGETS = tuple(
    Target(system, python) for system in ("linux", "macos", "windows") for python in PYTHONS
)


def read_pins(text: str) -> Iterator[Pin]:
    """The pins of a lock file in the form pip reads."""
    for block in re.split(r"\n(?=\S)", text):
        line = block.partition("\\")[0].strip()
        if line and not line.startswith(("#", "-")):
            wanted = Requirement(line)
            yield Pin(
                name=canonicalize_name(wanted.name),
                version=str(wanted.specifier).removeprefix("=="),
                marker=wanted.marker,
                hashes=frozenset(HASH.findall(block)),
            )


def index_options() -> list[str]:
    """The index pip is set to, for uv, which does not read pip's setting."""
    if os.environ.get("UV_INDEX_URL") or os.environ.get("UV_DEFAULT_INDEX"):
        return []
    asked = subprocess.run(
        [sys.executable, "-m", "pip", "config", "get", "global.index-url"],
        capture_output=True,
        text=True,
        check=False,  # exits with 1 where nothing is set
    )
    url = os.environ.get("PIP_INDEX_URL") or asked.stdout.strip()
    return ["--default-index", url] if url else []


def files_of(lock: Path) -> Mapping[tuple[str, str], dict[str, str]]:
    """File name by sha256 of every wheel of every pinned release: {(name, version): {sha: name}}.

    Raises RuntimeError with the resolver's words when a pin cannot be found at all.
    """
    command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--universal", "--no-deps"]
    command += ["--python-version", "3.11", "--format", "pylock.toml", "--no-header"]
    done = subprocess.run(
        [*command, *index_options(), str(lock)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    if done.returncode:
        raise RuntimeError(done.stderr.strip())
    packages: Iterable[dict[str, Any]] = tomllib.loads(done.stdout)["packages"]
    return {
        (canonicalize_name(package["name"]), package["version"]): {
            wheel["hashes"]["sha256"]: wheel.get("name") or wheel["url"].rsplit("/", 1)[-1]
            for wheel in package.get("wheels", ())
        }
        for package in packages
    }


def lacks_wheel(pin: Pin, files: Mapping[str, str], target: Target) -> bool:
    """Whether `pin` is wanted on `target` and none of its locked wheels fits there."""
    if pin.marker is not None and not pin.marker.evaluate(target.environment()):
        return False
    accepted = target.tags()
    return not any(
        sha in pin.hashes and not accepted.isdisjoint(parse_wheel_filename(name)[3])
        for sha, name in files.items()
    )


def check(lock: Path) -> dict[Target, list[Pin]]:
    """The pins of `lock` without a wheel, by target."""
    pins = list(read_pins(lock.read_text("utf-8")))
    files = files_of(lock)
    return {
        target: [
            pin for pin in pins if lacks_wheel(pin, files.get((pin.name, pin.version), {}), target)
        ]
        for target in TARGETS
    }


def report(lock: Path, missing: Mapping[Target, list[Pin]]) -> None:
    """Print what was found for one lock file."""
    pins = list(read_pins(lock.read_text("utf-8")))
    print(f"{lock.name}: {len(pins)} pins")
    for target, without in missing.items():
        wanted = sum(p.marker is None or p.marker.evaluate(target.environment()) for p in pins)
        names = ", ".join(f"{pin.name}=={pin.version}" for pin in without) or "none"
        print(f"  {target.name:<14} {wanted:>3} wanted, without a wheel: {names}")


def main() -> int:
    """Check the lock files named on the command line, by default all of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("locks", nargs="*", type=Path, default=list(LOCKS))
    failed = False
    for lock in parser.parse_args().locks:
        missing = check(lock)
        report(lock, missing)
        failed = failed or any(missing.values())
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
