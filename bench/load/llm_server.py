"""`python -m bench.load.llm_server FILE.gguf PORT SLOTS`: llama.cpp's own server, as a process of
its own, that writes for several sessions at once."""

from __future__ import annotations

import sys
import threading

import xllamacpp

CONTEXT = 2048
"""Tokens for each slot."""


def main(model: str, port: int, slots: int) -> None:
    params = xllamacpp.CommonParams()
    params.model.path = model
    params.hostnames = ["127.0.0.1"]
    params.port = port
    params.n_ctx = CONTEXT * slots
    params.n_parallel = slots
    params.warmup = True
    # Two threads, asleep while they wait: MIA's own engines want the same cores.
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 2
    params.cpuparams.poll = params.cpuparams_batch.poll = 0
    server = xllamacpp.Server(params)  # runs as long as it is held
    threading.Event().wait()
    del server


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
