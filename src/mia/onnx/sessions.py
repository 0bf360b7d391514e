"""Sessions of ONNX Runtime that leave the processor and the memory to others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mia.blocking import IMPORTING


def open_session(model: Path | bytes, threads: int, *, extensions: bool = False) -> Any:
    """An `onnxruntime.InferenceSession` on the processor. model: its file, or what stands in one.
    threads: of one run. extensions: with the operators that tokenise text.

    Its threads do not spin while they wait, for ears, mind and voice share the cores: beside them
    a clause was sooner ready, and a question to the memory took 17 ms instead of 0.4 to 2 s.

    Raises RuntimeError for a damaged model.
    """
    with IMPORTING:
        import onnxruntime

        settings = onnxruntime.SessionOptions()
        if extensions:
            import onnxruntime_extensions

            settings.register_custom_ops_library(onnxruntime_extensions.get_library_path())
    settings.intra_op_num_threads = threads
    settings.inter_op_num_threads = 1
    settings.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # Errors reach us as exceptions; a stopped run would be logged as one as well.
    settings.log_severity_level = 4
    source = model if isinstance(model, bytes) else str(model)
    try:
        session = onnxruntime.InferenceSession(source, settings, providers=["CPUExecutionProvider"])
    except Exception as error:  # the runtime's own exceptions share no public base
        raise RuntimeError(str(error)) from error
    # It keeps the file's bytes beside what it made of them, to change providers with: 88 MiB of
    # Kokoro's.
    session._model_bytes = None
    return session
