"""Takes out of one lock file what another one has.

A virtual environment that looks into another one needs no more than that.

Also `docopt` and `nvidia-*`: the one has no wheel and is used by a command nobody calls, the
others belong to CUDA.

    .venv/bin/python -m scripts.without requirements-torch.lock requirements-dev.lock
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from packaging.requirements import Requirement

from scripts.check_lock import read_pins

HEAD = "# Tested versions. Written by `make lock`; change pyproject.toml, not this file.\n"


def without(text: str, other: str) -> str:
    """The blocks of `text` whose package `other` does not pin."""
    known = {pin.name for pin in read_pins(other)}
    kept = []
    for block in re.split(r"\n(?=\S)", text):
        line = block.partition("\\")[0].strip()
        if not line or line.startswith(("#", "-")):
            continue
        name = Requirement(line).name.lower()
        if name not in known and name != "docopt" and not name.startswith("nvidia-"):
            kept.append(block.rstrip() + "\n")
    return HEAD + "".join(kept)


if __name__ == "__main__":
    lock, other = map(Path, sys.argv[1:3])
    lock.write_text(without(lock.read_text("utf-8"), other.read_text("utf-8")), "utf-8")
