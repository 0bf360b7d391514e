"""How well MIA remembers, how fast, and at what cost: `python -m bench.memory`."""
