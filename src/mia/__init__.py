"""MIA: you talk, she answers aloud, in time with a face.

The packages are the pipeline: `hearing` turns sound into text, `mind` turns text into a reply,
`voice` turns the reply into sound, `avatar` moves the face, and `conversation` conducts them.
`channels` is where talk comes from and goes to; `web` shows it. `main` puts it all together.
"""

import os

# The engines' OpenMP threads wait for each other by spinning. With more threads than cores (two
# models at work, or a game beside MIA) that makes each of them many times slower, so they soon
# sleep instead: one reply beside one transcription took 2.3 s instead of 27.8 on two busy cores.
# A short spin first costs nothing there, and is worth a sixth more tokens a second on quiet ones.
# Read by the libraries when they are loaded: so these stand before every other import.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("GOMP_SPINCOUNT", "1000")
os.environ.setdefault("KMP_BLOCKTIME", "0")
# numpy's matrices are small here: a second thread only waits in a loop (a question to the memory
# took 40 ms of the processor instead of 20, and no less by the clock).
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

__version__ = "0.1.0"
SOURCE_URL = "https://github.com/mia-ai/mia"
