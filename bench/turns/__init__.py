"""`python -m bench.turns`: how fast MIA answers, and how she behaves when spoken over.

Everything is read off a stereo tape (left the user, right the assistant, one clock). `lines`,
`tape`, `microphone` and `peer` also run in the peer's environment, where MIA is not installed.
"""
