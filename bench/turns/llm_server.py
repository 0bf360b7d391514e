"""`python -m bench.turns.llm_server FILE.gguf PORT`: llama.cpp's own server, on two threads."""

from __future__ import annotations

import sys
import threading

import xllamacpp

THREADS = 2
CONTEXT = 4096


def main(model: str, port: int) -> None:
    params = xllamacpp.CommonParams()
    params.model.path = model
    params.hostnames = ["127.0.0.1"]
    params.port = port
    params.n_ctx = CONTEXT
    params.n_parallel = 1
    params.warmup = True
    params.cpuparams.n_threads = THREADS
    params.cpuparams_batch.n_threads = THREADS
    server = xllamacpp.Server(params)  # runs as long as it is held
    threading.Event().wait()
    del server


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
