"""The face: what it does at each moment, and where it is shown.

`frame` is what every output is given, `output` what an output is, `outputs` those there are,
`showing` runs the ones that are on. `bridge` is a face moved by other programs. It all follows
the playhead, and never holds up a conversation: it listens to the facts on the bus.
"""
