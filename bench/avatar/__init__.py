"""The face, measured: `python -m bench.avatar`."""
