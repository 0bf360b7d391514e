"""A sentence-transformers model with the real library's architecture, tiny and random.

Its words have random vectors, so texts lie close by the words they share. How it is loaded, how it
tokenises and pools is the real code of `sentence-transformers` and `transformers`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from pathlib import Path

DIMENSIONS = 64


def build(folder: Path, texts: Iterable[str]) -> Path:
    """Write a model that knows the words of these texts into `folder`."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizer

    bert = folder / "bert"
    bert.mkdir(parents=True)
    words = sorted({word for text in texts for word in _words(text)})
    vocabulary = bert / "vocab.txt"
    vocabulary.write_text(
        "\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words]), "utf-8"
    )
    tokenizer = BertTokenizer(str(vocabulary))
    torch.manual_seed(7)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=DIMENSIONS,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=DIMENSIONS,
        max_position_embeddings=64,
        initializer_range=1.0,
    )
    BertModel(config).save_pretrained(bert)
    tokenizer.save_pretrained(bert)
    inner = Transformer(str(bert), max_seq_length=64)
    model = SentenceTransformer(modules=[inner, Pooling(DIMENSIONS)], device="cpu")
    model.save(str(folder / "model"))
    return folder / "model"


def _words(text: str) -> list[str]:
    """As BERT's tokenizer takes a text apart: small letters without accents, marks alone."""
    plain = unicodedata.normalize("NFD", text.lower())
    bare = "".join(c for c in plain if not unicodedata.combining(c))
    return "".join(c if c.isalnum() else f" {c} " for c in bare).split()
