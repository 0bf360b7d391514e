"""Every model MIA knows, by id."""

from __future__ import annotations

from collections.abc import Mapping

from mia.errors import ModelUnavailable
from mia.models.embedded import EMBEDDED
from mia.models.embedders import EMBEDDERS
from mia.models.entry import Model
from mia.models.offers import OFFERS

CATALOGUE: Mapping[str, Model] = {model.id: model for model in (*EMBEDDED, *EMBEDDERS, *OFFERS)}


def find(model_id: str, catalogue: Mapping[str, Model] = CATALOGUE) -> Model:
    """The model of that id. Raises ModelUnavailable("model.unknown") with the ids there are."""
    model = catalogue.get(model_id)
    if model is None:
        raise ModelUnavailable("model.unknown", id=model_id, known=", ".join(catalogue))
    return model


def embedded(language: str | None = None) -> tuple[str, ...]:
    """The ids of the embedded models, of one language or of all."""
    models = (m for m in (*EMBEDDED, *EMBEDDERS) if m.embedded)
    return tuple(m.id for m in models if language is None or m.speaks(language))
