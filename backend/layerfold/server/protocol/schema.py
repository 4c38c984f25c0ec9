"""JSON Schema of the protocol; the page's types are made from it.

``python -m layerfold.server.protocol.schema`` prints it. Every question is in it, since the list
of questions is the union that the server answers.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final, Literal, get_args

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from layerfold.server.protocol.http import (
    ClaimsTable,
    ComparisonTable,
    ErrorAnswer,
    Health,
    MeasuresTable,
    MetricsTable,
    Reach,
    ReferenceTable,
    RunCard,
    RunList,
    SeedTable,
)
from layerfold.server.protocol.inspect import AnswerHeader, AnyAnswer
from layerfold.server.protocol.lab import JobCard, JobList, LabOffer, NewJob
from layerfold.server.protocol.messages import (
    Cancel,
    Changed,
    Done,
    Failure,
    Hello,
    Inspect,
    Inspected,
    Measuring,
    Place,
    SliceHeader,
    Tokens,
)
from layerfold.server.protocol.offers import ModelOffers
from layerfold.server.protocol.questions import AnyQuestion

Mode = Literal["validation", "serialization"]


class _Untitled(GenerateJsonSchema):
    """Fields without titles: a title on each would give each a type of its own in TypeScript."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


CLIENT: Final[tuple[type[BaseModel], ...]] = (Place, Inspect, Cancel, *get_args(AnyQuestion))
SERVER: Final[tuple[type[BaseModel], ...]] = (
    Hello,
    Tokens,
    Done,
    Inspected,
    Measuring,
    Changed,
    Failure,
)
TABLES: Final = (
    ReferenceTable,
    MetricsTable,
    MeasuresTable,
    ClaimsTable,
    SeedTable,
    ComparisonTable,
)
LAB: Final = (LabOffer, NewJob, JobCard, JobList)
ANSWERED: Final[tuple[type[BaseModel], ...]] = (AnswerHeader, *get_args(AnyAnswer))
ANSWERS: Final[tuple[type[BaseModel], ...]] = (
    SliceHeader,
    ErrorAnswer,
    Health,
    RunList,
    RunCard,
    Reach,
    ModelOffers,
    *TABLES,
    *LAB,
    *ANSWERED,
)


def schema() -> dict[str, Any]:
    """JSON Schema of every message: ``client`` and ``server`` are the WebSocket's, the rest answers
    of HTTP.
    """
    modes: list[tuple[type[BaseModel], Mode]] = [(model, "validation") for model in CLIENT]
    modes += [(model, "serialization") for model in (*SERVER, *ANSWERS)]
    _, shared = models_json_schema(modes, schema_generator=_Untitled)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Wire",
        "description": (
            "Messages between the page and the server, protocol 1. Made by `python -m"
            " layerfold.server.protocol.schema`."
        ),
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "ClientMessage": {"title": "ClientMessage", "oneOf": _references(CLIENT)},
            "ServerMessage": {"title": "ServerMessage", "oneOf": _references(SERVER)},
            **{model.__name__: {"$ref": f"#/$defs/{model.__name__}"} for model in ANSWERS},
        },
        "$defs": shared["$defs"],
    }


def _references(models: Sequence[type[BaseModel]]) -> list[dict[str, str]]:
    return [{"$ref": f"#/$defs/{model.__name__}"} for model in models]


if __name__ == "__main__":
    print(json.dumps(schema(), indent=2, ensure_ascii=False))
