"""Benchmarks: each prints a table, and files it in `bench/results/` when told to (`--file`).

Timings are reported with the machine and the number of samples, and never asserted.
"""

import mia as mia  # before numpy, as in MIA: what she tells the libraries about threads
