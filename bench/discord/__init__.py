"""A whole Discord call on loopback, measured: real discord.py, encryption, voices and models.

The pretend Discord and its people run in a process of their own (`other_side`), MIA in this one.
"""
