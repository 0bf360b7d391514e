"""The commands of `mia`, one module each; `mia.cli` gathers them."""
