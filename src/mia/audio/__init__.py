"""Sound as data: reading recordings, changing rates, measuring levels, the stereo tap."""
