"""ONNX voices: a session that can really be stopped."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mia.voice.onnx_file import with_output
from mia.voice.onnx_products import products_on_trial

Finder = Callable[[bytes], str | None]


class Cancelled(Exception):
    """A run was stopped because nobody wants its result."""


class Job:
    """Everything done for one clause; `cancel` ends it, from whichever thread."""

    def __init__(self) -> None:
        import onnxruntime

        self.options = onnxruntime.RunOptions()
        # Else the memory of the longest clause so far stays taken: 700 MiB for 500 symbols of
        # Kokoro's, for 3 % of the time.
        self.options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
        self.cancelled = False

    def cancel(self) -> None:
        """Stop a run after the operation it is at, and never begin another."""
        self.cancelled = True
        self.options.terminate = True

    def check(self) -> None:
        """Raises Cancelled."""
        if self.cancelled:
            raise Cancelled


@functools.cache
def products_are_exact() -> bool:
    """Whether int8 products come out right here. Processors without VNNI (Intel's before 2019,
    AMD's before 2022) add two of them in 16 bits, and large ones overflow."""
    import onnxruntime

    model, samples, right = products_on_trial()
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    (name,) = (entry.name for entry in session.get_inputs())
    return bool(np.all(session.run(None, {name: samples})[0] == right))


class Model:
    """An ONNX session for one clause at a time.

    model: its file, or what stands in one. durations: finds the tensor to hand out as the last
    output, or None to load the model as it is. threads: of the CPU. Raises OSError, ValueError or
    RuntimeError for a damaged model.

    The runtime's threads do not spin while they wait: two cores are shared with the ears and the
    mind, and on them a clause was sooner ready without spinning.
    """

    def __init__(self, model: Path | bytes, threads: int, durations: Finder | None = None) -> None:
        import onnxruntime

        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = threads
        settings.inter_op_num_threads = 1
        settings.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        settings.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # Errors reach us as exceptions; a stopped run would be logged as one as well.
        settings.log_severity_level = 4
        source = str(model) if isinstance(model, Path) else model
        tensor = None
        if durations is not None:
            content = model.read_bytes() if isinstance(model, Path) else model
            if tensor := durations(content):
                source = with_output(content, tensor)
        try:
            self.session = onnxruntime.InferenceSession(
                source, settings, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # the runtime's own exceptions share no public base
            raise RuntimeError(str(error)) from error
        self.times = tensor is not None
        """Whether the last output holds durations."""
        self.inputs: Mapping[str, str] = {
            entry.name: entry.type for entry in self.session.get_inputs()
        }
        self.runs = 0
        """How many runs were begun."""

    def run(self, feeds: Mapping[str, Any], job: Job) -> list[Any]:
        """The outputs. Raises Cancelled as soon as the job is, RuntimeError if the model fails."""
        job.check()
        self.runs += 1
        try:
            return list(self.session.run(None, dict(feeds), job.options))
        except Exception as error:  # the runtime's own exceptions share no public base
            job.check()
            raise RuntimeError(str(error)) from error
