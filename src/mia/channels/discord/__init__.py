"""A Discord voice channel as a room: several people talk, MIA hears each one apart.

Sound comes in over `rtp` (what a packet is), `receiver` (whose it is, and its deciphering),
`jitter` (its order) and `opus` (its samples). `voice_client` hangs that into discord.py.
discord.py itself is an extra, `pip install "mia-ai[discord]"`: only `voice_client`, `client` and
what they import need it, and nobody imports them before Discord is wanted.
"""
