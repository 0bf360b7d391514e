"""Where a model's bytes come from: packages of pip and npm, a hub, a folder.

None of them is trusted: whatever they bring is checked against the catalogue's digests before it
is used, and no code of theirs is ever imported.
"""
