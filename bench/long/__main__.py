"""`python -m bench.long`: `--minutes N` on real models, else the simulated hours."""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import asdict
from pathlib import Path

from bench.long import real, report, simulated
from bench.turns.serving import leave_on_terminate

parser = argparse.ArgumentParser(prog="python -m bench.long", description=__doc__)
parser.add_argument("--minutes", type=float, default=0.0, help="so long on real models")
parser.add_argument("--keep", type=Path, default=Path("long-run"), help="where counts are kept")
parser.add_argument("--attach", action="store_true", help="talk on to the MIA of --keep")
parser.add_argument("--hours", type=float, default=8.0, help="simulated, without --minutes")
options = parser.parse_args()
leave_on_terminate()
if options.attach:
    real.attach(options.minutes, options.keep)
elif options.minutes:
    real.run(options.minutes, options.keep)
else:
    options.keep.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        found = simulated.simulate(options.hours, Path(place))
    (options.keep / "simulated.json").write_text(json.dumps(asdict(found)), "utf-8")
    print(report.simulated(found))
