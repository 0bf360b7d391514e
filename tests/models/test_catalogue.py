"""The catalogue tells the truth about itself."""

import re

import pytest

from mia.models import CATALOGUE, Model, embedded
from mia.strings import catalogue, languages

MODELS = pytest.mark.parametrize("model", CATALOGUE.values(), ids=list(CATALOGUE))


@MODELS
def test_the_parts_of_a_file_add_up_to_it(model: Model) -> None:
    for file in model.files:
        if file.parts:
            assert sum(part.size for part in file.parts) == file.size
        if len(file.parts) == 1:
            assert file.parts[0].sha256 == file.sha256


@MODELS
def test_digests_and_paths_are_well_formed(model: Model) -> None:
    for file in model.files:
        assert not file.path.startswith("/")
        assert ".." not in file.path.split("/")
        for digest in (file.sha256, *(part.sha256 for part in file.parts)):
            assert digest is None or re.fullmatch("[0-9a-f]{64}", digest)


@MODELS
def test_every_file_has_a_source(model: Model) -> None:
    assert all(file.parts or file.url for file in model.files)


@MODELS
def test_the_licence_names_weights_and_data_with_evidence(model: Model) -> None:
    assert {"weights", "data"} <= {grant.of for grant in model.licence}
    assert all(grant.evidence.startswith("https://") for grant in model.licence)


@MODELS
def test_language_models_say_how_to_ask_them(model: Model) -> None:
    assert (model.kind == "llm") == (model.prompt_style is not None)
    assert (model.kind == "llm") == (model.context is not None)


@MODELS
def test_what_the_list_says_exists_in_every_language(model: Model) -> None:
    keys = {f"cli.models.kind.{model.kind}", f"cli.models.suits.{model.suits}"}
    for language in languages():
        assert keys <= catalogue(language).keys()


def test_every_embedded_model_has_a_digest_and_comes_from_packages() -> None:
    files = [file for model_id in embedded() for file in CATALOGUE[model_id].files]
    assert all(file.sha256 and file.parts for file in files)


@pytest.mark.parametrize("language", ["es", "en"])
def test_the_embedded_models_make_a_whole_conversation(language: str) -> None:
    kinds = {CATALOGUE[model_id].kind for model_id in embedded(language)}
    assert kinds == {"vad", "turn", "stt", "llm", "tts", "embedding"}


def test_a_voice_that_learnt_from_a_research_voice_is_flagged() -> None:
    assert CATALOGUE["piper-en-us-joe"].monetised is False
    assert CATALOGUE["kokoro-82m"].monetised is True
