"""Speech recognisers: one module each, found by `mia.backends`."""
