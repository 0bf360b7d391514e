"""MIA: you talk, she answers aloud, in time with a face.

The packages are the pipeline: `hearing` turns sound into text, `mind` turns text into a reply,
`voice` turns the reply into sound, `avatar` moves the face, and `conversation` conducts them.
`channels` is where talk comes from and goes to; `web` shows it. `main` puts it all together.
"""

__version__ = "0.1.0"
SOURCE_URL = "https://github.com/mia-ai/mia"
