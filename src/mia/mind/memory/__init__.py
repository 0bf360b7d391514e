"""What MIA remembers: every turn word for word, found again when it fits what is being said.

    journal ──outbox──▶ vectors ──▶ index        written: while nobody waits for it
       └──▶ word tables (FTS5)        │
                    └──── retrieval ◀─┘          read: while the user is still speaking

- `ports`: what the parts need of each other; begin there.
- `journal`, `migrations`, `reading`, `forgetting`: the truth, in SQLite.
- `words`: its tables for finding words.
- `embedders/`, `embedding`: texts to vectors. `indexes/`, `index`: nearest vectors.
- `outbox`: what is still to be embedded and indexed, done in the background.
- `retrieval`, `gate`: which memories fit, if any. `injection`: how a prompt tells them.
- `facts`: facts and summaries, made of turns by a capable brain while nothing else is to be done.
- `memories`: all of it together, as the program uses it.

Nothing is imported here, so that looking for embedders (`mia.backends`) costs nothing.
"""
