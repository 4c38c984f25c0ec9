"""Questions of the page, asked of a session as the server asks them: through the registry, and
through the bytes that travel.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray
from pydantic import TypeAdapter

from layerfold.interp.session import Session
from layerfold.server.answers import REGISTRY, Reader
from layerfold.server.protocol.encode import decode_tensors, encode_answer
from layerfold.server.protocol.questions import AnyQuestion

Answer = tuple[Any, dict[str, NDArray[Any]]]


def ask_all(
    session: Session, kind: str, cancelled: Callable[[], bool] = lambda: False, **fields: Any
) -> list[Answer]:
    """Every answer to a question of a kind, each with its tensors."""
    asked: Any = TypeAdapter(AnyQuestion).validate_python(
        {"type": kind, "id": 1, "run": session.run.name, **fields}
    )
    entry = REGISTRY[type(asked)]
    answers: list[Answer] = []
    for found in entry.call(Reader.of(session), asked, cancelled):
        header, tensors = decode_tensors(encode_answer(asked, entry.answer, found))
        assert header["type"] == kind
        told = entry.answer.model_validate_json(header["answer"])
        answers.append((told, dict(tensors)))
    return answers


def ask(session: Session, kind: str, **fields: Any) -> Answer:
    """The one answer to a question."""
    (answer,) = ask_all(session, kind, **fields)
    return answer
