"""Does every script of the pages parse? Uses the Node that comes with Playwright.

.venv/bin/python -m scripts.check_javascript
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from playwright._impl._driver import compute_driver_executable

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Check every .js file under src; 1 if one does not parse."""
    node = compute_driver_executable()[0]
    scripts = sorted((ROOT / "src").rglob("*.js"))
    failed = 0
    for script in scripts:
        done = subprocess.run(
            [node, "--check", str(script)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            failed = 1
            print(f"{script.relative_to(ROOT)}:\n{done.stderr.strip()}", file=sys.stderr)
    return failed


if __name__ == "__main__":
    sys.exit(main())
