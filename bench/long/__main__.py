"""`python -m bench.long`: `--minutes N` on real models, else the simulated hours."""

from __future__ import annotations

import argparse
from pathlib import Path

from bench.long import real
from bench.turns.serving import leave_on_terminate

parser = argparse.ArgumentParser(prog="python -m bench.long", description=__doc__)
parser.add_argument("--minutes", type=float, default=0.0, help="so long on real models")
parser.add_argument("--keep", type=Path, default=Path("long-run"), help="where counts are kept")
parser.add_argument("--attach", action="store_true", help="talk on to the MIA of --keep")
options = parser.parse_args()
leave_on_terminate()
if options.attach:
    real.attach(options.minutes, options.keep)
elif options.minutes:
    real.run(options.minutes, options.keep)
