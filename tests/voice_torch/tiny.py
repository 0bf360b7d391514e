"""An XTTS model with the architecture of the real one, small and random, made from a config.

What it says is noise; how it is loaded, listens to a recording and streams is the real code of
`coqui-tts`.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import soundfile

LETTERS = "abcdefghijklmnopqrstuvwxyzáéíóúñü¿¡?!.,;:'-"
SPEAKER = "Random Speaker"


@contextmanager
def narrow() -> Iterator[None]:
    """The part that makes sound has no size in its config; here it has a sixteenth of its width."""
    from TTS.tts.models import xtts

    wide = xtts.HifiDecoder
    xtts.HifiDecoder = functools.partial(wide, upsample_initial_channel_decoder=32)
    try:
        yield
    finally:
        xtts.HifiDecoder = wide


def build(folder: Path) -> Path:
    """Write model.pth, config.json, vocab.json and speakers_xtts.pth into `folder`."""
    import torch
    from TTS.tts.configs.xtts_config import XttsArgs, XttsConfig
    from TTS.tts.models.xtts import Xtts

    folder.mkdir(parents=True, exist_ok=True)
    _vocabulary(folder / "vocab.json")
    config = XttsConfig()
    config.model_args = XttsArgs(
        gpt_layers=2,
        gpt_n_model_channels=64,
        gpt_n_heads=2,
        gpt_max_audio_tokens=44,
        gpt_num_audio_tokens=66,
        gpt_start_audio_token=64,
        gpt_stop_audio_token=65,
        gpt_use_perceiver_resampler=True,
        decoder_input_dim=64,
        d_vector_dim=512,
    )
    config.languages = ["es", "en"]
    config.save_json(str(folder / "config.json"))
    torch.manual_seed(7)
    model = Xtts.init_from_config(config)
    from TTS.tts.layers.xtts.tokenizer import VoiceBpeTokenizer

    model.tokenizer = VoiceBpeTokenizer(vocab_file=folder / "vocab.json")
    model.init_models()
    # A random stop token would come at any moment; this one comes late.
    with torch.no_grad():
        model.gpt.mel_head.bias[65] = -100.0
    torch.save({"model": model.state_dict()}, folder / "model.pth")
    speaker = {
        "gpt_cond_latent": torch.randn(1, 32, 64),
        "speaker_embedding": torch.randn(1, 512, 1),
    }
    torch.save({SPEAKER: speaker}, folder / "speakers_xtts.pth")
    return folder


def _vocabulary(path: Path) -> None:
    tokens = ["[STOP]", "[UNK]", "[SPACE]", "[START]", "[es]", "[en]", *LETTERS]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    special = [
        {
            "id": vocabulary[token],
            "content": token,
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
            "special": True,
        }
        for token in tokens[:6]
    ]
    described = {
        "version": "1.0",
        "added_tokens": special,
        "pre_tokenizer": {"type": "Whitespace"},
        "model": {
            "type": "BPE",
            "unk_token": "[UNK]",
            "fuse_unk": False,
            "vocab": vocabulary,
            "merges": [],
        },
    }
    path.write_text(json.dumps(described), "utf-8")


def recording(path: Path, seconds: float = 12.0, rate: int = 24_000) -> Path:
    """Something that passes for a voice: syllables of harmonics, with pauses of a quiet room."""
    times = np.arange(int(seconds * rate)) / rate
    pitch = 140 + 20 * np.sin(2 * np.pi * 0.7 * times)
    phase = 2 * np.pi * np.cumsum(pitch) / rate
    harmonics = sum(np.sin(n * phase) / n for n in range(1, 12))
    syllables = np.clip(np.sin(2 * np.pi * 1.6 * times) + 0.3, 0, 1)
    room = np.random.default_rng(0).normal(0, 2e-4, len(times))
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, 0.15 * harmonics * syllables + room, rate, subtype="PCM_16")
    return path
