"""Voice activity detectors: one module each, found by `mia.backends`."""
