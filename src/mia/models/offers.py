"""Models on hubs that outgrow the embedded ones. Offered, never fetched unasked.

A file without a digest here is one whose digest nobody has published where we could check it;
it is verified by what the hub reports when it is downloaded.
"""

from __future__ import annotations

from mia.models.entry import Grant, Model, ModelFile, Suits

_HUB = "https://huggingface.co"

_WHISPER = f"{_HUB}/Systran/faster-whisper-small/resolve/536b0662742c02347bc0e980a01041f333bce120"

WHISPER_SMALL = Model(
    id="whisper-small",
    kind="stt",
    name="Whisper small",
    languages=(),
    suits="four-cores",
    files=tuple(
        ModelFile(path, size, sha256, url=f"{_WHISPER}/{path}")
        for path, size, sha256 in (
            (
                "model.bin",
                483_546_902,
                "3e305921506d8872816023e4c273e75d2419fb89b24da97b4fe7bce14170d671",
            ),
            (
                "config.json",
                2_370,
                "b55496ac7940a7ae47d2c01eab40edfd8701feec1229d9cce3b40014383fb828",
            ),
            (
                "tokenizer.json",
                2_203_239,
                "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
            ),
            (
                "vocabulary.txt",
                459_861,
                "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
            ),
        )
    ),
    licence=(
        Grant("weights", "MIT", "https://github.com/openai/whisper/blob/main/LICENSE", True),
        Grant(
            "data",
            "not published",
            "https://github.com/openai/whisper/blob/main/model-card.md",
            None,
        ),
    ),
)


def _whisper(size: str, name: str, repository: str, weights: int, suits: Suits) -> Model:
    """Another size, checked against what the hub reports: nobody has published digests."""
    base = f"{_HUB}/{repository}/resolve/main"
    wide = size in ("large-v3", "turbo")
    files = [("model.bin", weights), ("config.json", 2_300), ("tokenizer.json", 2_480_000)]
    files += [("vocabulary.json", 1_070_000), ("preprocessor_config.json", 340)] if wide else []
    files += [] if wide else [("vocabulary.txt", 460_000)]
    return Model(
        id=f"whisper-{size}",
        kind="stt",
        name=name,
        languages=(),
        suits=suits,
        files=tuple(ModelFile(path, n, None, url=f"{base}/{path}") for path, n in files),
        licence=WHISPER_SMALL.licence,
    )


WHISPER_SIZES = (
    _whisper("tiny", "Whisper tiny", "Systran/faster-whisper-tiny", 75_538_270, "any"),
    _whisper("medium", "Whisper medium", "Systran/faster-whisper-medium", 1_527_906_378, "gpu"),
    _whisper(
        "large-v3", "Whisper large v3", "Systran/faster-whisper-large-v3", 3_087_284_237, "gpu"
    ),
    _whisper(
        "turbo",
        "Whisper large v3 turbo",
        "mobiuslabsgmbh/faster-whisper-large-v3-turbo",
        1_617_884_929,
        "gpu",
    ),
)

QWEN = Model(
    id="qwen2.5-1.5b-instruct",
    kind="llm",
    name="Qwen2.5 1.5B Instruct Q4_K_M",
    languages=("es", "en"),
    suits="four-cores",
    prompt_style="chat",
    context=32_768,
    files=(
        ModelFile(
            "qwen2.5-1.5b-instruct-q4_k_m.gguf",
            1_117_320_736,
            "6a1a2eb6d15622bf3c96857206351ba97e1af16c30d7a74ee38970e434e9407e",
            url=f"{_HUB}/Qwen/Qwen2.5-1.5B-Instruct-GGUF/resolve/"
            "91cad51170dc346986eccefdc2dd33a9da36ead9/qwen2.5-1.5b-instruct-q4_k_m.gguf",
        ),
    ),
    licence=(
        Grant("weights", "Apache-2.0", f"{_HUB}/Qwen/Qwen2.5-1.5B-Instruct-GGUF", True),
        Grant("base", "Apache-2.0", f"{_HUB}/Qwen/Qwen2.5-1.5B", True),
        Grant("data", "not published", f"{_HUB}/Qwen/Qwen2.5-1.5B", None),
    ),
)

GEMMA_4B = Model(
    id="gemma-3-4b-it",
    kind="llm",
    name="Gemma 3 4B Instruct Q4_K_M",
    languages=("es", "en"),
    suits="gpu",
    prompt_style="chat",
    context=131_072,
    files=(
        ModelFile(
            "gemma-3-4b-it-Q4_K_M.gguf",
            2_490_000_000,
            None,
            url=f"{_HUB}/ggml-org/gemma-3-4b-it-GGUF/resolve/main/gemma-3-4b-it-Q4_K_M.gguf",
        ),
    ),
    licence=(
        Grant("weights", "Gemma Terms of Use", "https://ai.google.dev/gemma/terms", True),
        Grant("data", "not published", "https://ai.google.dev/gemma/docs/core/model_card_3", None),
    ),
)

_CLAUDE = f"{_HUB}/rhasspy/piper-voices/resolve/main/es/es_MX/claude/high"

PIPER_CLAUDE = Model(
    id="piper-es-mx-claude",
    kind="tts",
    name="Piper Claude (México)",
    languages=("es",),
    files=(
        ModelFile(
            "es_MX-claude-high.onnx", 63_100_000, None, url=f"{_CLAUDE}/es_MX-claude-high.onnx"
        ),
        ModelFile(
            "es_MX-claude-high.onnx.json",
            4_960,
            None,
            url=f"{_CLAUDE}/es_MX-claude-high.onnx.json",
        ),
        ModelFile("MODEL_CARD", 247, None, url=f"{_CLAUDE}/MODEL_CARD"),
    ),
    licence=(
        Grant("weights", "MIT", f"{_HUB}/rhasspy/piper-voices", True),
        # The card only points to the makers' page, which does not say what it began from.
        Grant("base", "not stated", f"{_CLAUDE.replace('resolve', 'blob')}/MODEL_CARD", None),
        Grant("data", "Apache-2.0", f"{_HUB}/spaces/HirCoir/Piper-TTS-Spanish", True),
    ),
)

_DAVEFX = f"{_HUB}/rhasspy/piper-voices/resolve/v1.0.0/es/es_ES/davefx/medium"

PIPER_DAVEFX = Model(
    id="piper-es-es-davefx",
    kind="tts",
    name="Piper Davefx (España)",
    languages=("es",),
    files=(
        ModelFile(
            "es_ES-davefx-medium.onnx", 63_200_000, None, url=f"{_DAVEFX}/es_ES-davefx-medium.onnx"
        ),
        ModelFile(
            "es_ES-davefx-medium.onnx.json",
            4_820,
            None,
            url=f"{_DAVEFX}/es_ES-davefx-medium.onnx.json",
        ),
        ModelFile("MODEL_CARD", 275, None, url=f"{_DAVEFX}/MODEL_CARD"),
    ),
    licence=(
        Grant("weights", "MIT", f"{_HUB}/rhasspy/piper-voices", True),
        Grant(
            "base",
            "lessac: Blizzard 2013 research licence",
            "https://www.cstr.ed.ac.uk/projects/blizzard/2013/lessac_blizzard2013/license.html",
            False,
        ),
        Grant("data", "CC0-1.0", "https://github.com/NabuCasa/voice-datasets", True),
    ),
)

_XTTS = f"{_HUB}/coqui/XTTS-v2/resolve/main"
_CPML = f"{_HUB}/coqui/XTTS-v2/blob/main/LICENSE.txt"

XTTS = Model(
    id="xtts-v2",
    kind="tts",
    name="XTTS v2 (voice cloning)",
    languages=(),
    suits="gpu",
    files=tuple(
        ModelFile(path, size, None, url=f"{_XTTS}/{path}")
        for path, size in (
            ("model.pth", 1_867_929_118),
            ("config.json", 4_368),
            ("vocab.json", 361_219),
            ("speakers_xtts.pth", 7_754_818),
            ("LICENSE.txt", 4_000),
        )
    ),
    licence=(
        Grant("weights", "Coqui Public Model License 1.0.0 (non-commercial)", _CPML, False),
        Grant("data", "not published", f"{_HUB}/coqui/XTTS-v2", None),
    ),
)

OFFERS = (WHISPER_SMALL, *WHISPER_SIZES, QWEN, GEMMA_4B, PIPER_CLAUDE, PIPER_DAVEFX, XTTS)
