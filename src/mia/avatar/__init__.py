"""The face: what it does at each moment (`frame`), and where it is shown (`outputs`).

Follows the playhead, and never holds up a conversation: it listens to the facts on the bus.
"""
