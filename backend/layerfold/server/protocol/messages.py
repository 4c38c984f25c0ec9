"""What the server and the page say to each other; the only statement of the protocol (version 1).

Text messages are JSON, one pydantic model each; a placed slice is binary safetensors whose
``__metadata__`` carries the header. ``schema.py`` makes the JSON Schema
that the page's types are made from. Integers are bounded by what a JavaScript number holds exactly.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Annotated, Final, Literal, Self

from pydantic import Field, TypeAdapter, ValidationError, model_validator

from layerfold.errors import BadMessage
from layerfold.server.protocol.http import PROTOCOL, Limits, Message, Said
from layerfold.server.protocol.questions import AnyQuestion

MESSAGE_BYTES: Final = 64 * 1024

Natural = Annotated[int, Field(ge=0, le=2**53 - 1)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Projection = Annotated[
    str, Field(min_length=1, max_length=64, description="one of the card's projections")
]
Special = Annotated[
    bool, Field(description="whether names of special tokens in the text mean them")
]
Key = Annotated[
    str, Field(min_length=1, max_length=64, description="the page's own name for a sentence")
]


# ---- what the page sends -------------------------------------------------------------------------


class Place(Message):
    """Place the tokens of a text; supersedes the last `place` with the same sentence key, which is
    not answered any more, but for its first slice where that was under way.
    """

    type: Literal["place"]
    id: Natural
    run: Name
    sentence: Key
    text: str
    special: Special = False
    steps: Annotated[
        list[Natural],
        Field(
            default_factory=list,
            max_length=4096,
            description="in order of priority; empty: all, nearest to `step` first",
        ),
    ]
    step: Annotated[Natural | None, Field(description="the step on screen; null: the last")] = None
    projection: Projection = "umap"


class Inspect(Message):
    """Tell the true neighbours and the lens of one token: `text` and `token` of a sentence, or
    `reference`; its trust is that of the projection.
    """

    type: Literal["inspect"]
    id: Natural
    run: Name
    step: Natural
    site: Natural
    text: str | None = None
    special: Special = False
    token: Natural | None = None
    reference: Natural | None = None
    projection: Projection = "umap"

    @model_validator(mode="after")
    def names_one_token(self) -> Self:
        of_sentence = self.text is not None and self.token is not None and self.reference is None
        of_reference = self.reference is not None and self.text is None and self.token is None
        if not (of_sentence or of_reference):
            raise ValueError("give either text and token, or reference")
        return self


class Cancel(Message):
    """Stop computing a sentence, or answering a kind of question (then the sentence is its type:
    "walk").
    """

    type: Literal["cancel"]
    sentence: Key


ClientMessage = Annotated[Place | Inspect | Cancel | AnyQuestion, Field(discriminator="type")]

# ---- what the server sends -----------------------------------------------------------------------


class Hello(Message):
    """First message of a connection."""

    type: Literal["hello"] = "hello"
    version: str
    protocol: Literal[1] = PROTOCOL
    limits: Limits


class TokenText(Message):
    """A token as a person reads it; `piece` of `pieces` when several tokens make one character."""

    id: int
    text: str
    piece: int = 0
    pieces: int = 1


class Tokens(Message):
    """The tokens of a text; `cut` counts those left out because of the limit. The slices that
    follow under this id are of this text, which may be older than the last that was sent for the
    sentence: then only the slice of the step on screen follows.
    """

    type: Literal["tokens"] = "tokens"
    id: int
    run: str
    sentence: str
    text: str
    cut: int
    tokens: list[TokenText]


class Done(Message):
    """Every step of a `place` has been answered."""

    type: Literal["done"] = "done"
    id: int
    run: str
    sentence: str
    steps: int
    milliseconds: float


class Measuring(Message):
    """What `share` of a long answer, that to the question with this id, is there."""

    type: Literal["measuring"] = "measuring"
    id: int
    share: Annotated[float, Field(ge=0, le=1)]


class Changed(Message):
    """Runs whose card, clouds or measures are new on disk, or which came or went; `jobs`: so are
    those of the lab. Ask again for them.
    """

    type: Literal["changed"] = "changed"
    runs: list[str]
    jobs: bool = False


class InspectedToken(Message):
    """`outside` and `loss` (of this token given those before it, nats) belong to tokens of a
    sentence; `trust` and `continuity` to reference tokens.
    """

    text: str
    norm: float
    outside: float | None = None
    loss: float | None = None
    trust: float | None = None
    continuity: float | None = None


class Neighbor(Message):
    """A reference token and its distance in the original space."""

    index: int
    distance: float


class Guess(Message):
    """A token the lens reads out, and its probability."""

    text: str
    probability: float


class LensSite(Message):
    """What the model would say if it stopped at this site; `kl` to the last site and `entropy` in
    nats.
    """

    site: int
    kl: float
    entropy: float
    top: list[Guess]


class Inspected(Message):
    """The answer to `inspect`: neighbours at the site asked for, the lens at every site; `near`
    [site, 3], the nearest reference tokens at every site.
    """

    type: Literal["inspection"] = "inspection"
    id: int
    run: str
    step: int
    site: int
    token: InspectedToken
    neighbors: list[Neighbor]
    lens: list[LensSite]
    near: list[list[int]]


class Failure(Said):
    """A request that cannot be answered, or a step of it (then `step` says which, and the others
    still come).
    """

    type: Literal["error"] = "error"
    id: int | None = None
    sentence: str | None = None
    step: int | None = None
    code: str


ServerMessage = Annotated[
    Hello | Tokens | Done | Inspected | Measuring | Changed | Failure, Field(discriminator="type")
]


class SliceHeader(Message):
    """`__metadata__` of a binary slice (safetensors metadata are strings). Its float32 tensors:
    `positions` [site, token, 3], `outside` [site, token], `segment_trust` [site-1, token],
    `norm` [site, token]; in int32 `near` [site, token, 3], the reference tokens that are nearest in
    the original space.
    """

    type: Literal["slice"] = "slice"
    id: str
    run: str
    sentence: str
    step: str


# ---- text frames ---------------------------------------------------------------------------------


def parse_client(data: str) -> Place | Inspect | Cancel | AnyQuestion:
    """The message in a text frame; lone surrogates in it have become U+FFFD.

    Raises BadMessage for what is not JSON, not an object, too large, of unknown type, or lacks or
    misuses a field.
    """
    size = len(data.encode("utf-8", "replace"))
    if size > MESSAGE_BYTES:
        raise BadMessage(
            f"The message has {size} bytes; at most {MESSAGE_BYTES} are read. Send a shorter text."
        )
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BadMessage(
            f"The message is not JSON: {data[:40]!a} ({type(error).__name__}). Send one JSON"
            " object."
        ) from None
    if not isinstance(value, dict):
        raise BadMessage(
            f"The message is a JSON {type(value).__name__}, not an object. Send an object with a"
            " type."
        )
    try:
        fields = {well_formed(name): _clean(field) for name, field in value.items()}
        message: Place | Inspect | Cancel | AnyQuestion = _reader().validate_python(fields)
    except ValidationError as error:
        raise BadMessage(_first_problem(error)) from None
    except RecursionError:
        raise BadMessage("The message is nested too deep. Send a flat one.") from None
    return message


@cache
def _reader() -> TypeAdapter[Place | Inspect | Cancel | AnyQuestion]:
    """What validates a message: made once, since making it takes longer than using it."""
    return TypeAdapter(ClientMessage)


def id_of(data: str) -> int | None:
    """The id a broken message seems to carry, so that its sender can tell which one failed."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return None
    found = value.get("id") if isinstance(value, dict) else None
    return found if type(found) is int and 0 <= found < 2**53 else None


def well_formed(text: str) -> str:
    """The text as Unicode that can be encoded: surrogate pairs joined, lone surrogates U+FFFD."""
    if not re.search("[\ud800-\udfff]", text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _clean(value: object) -> object:
    """A value as JSON gives it, every text in it well formed."""
    if isinstance(value, list):
        return [_clean(one) for one in value]
    if isinstance(value, dict):
        return {well_formed(name): _clean(one) for name, one in value.items()}
    return well_formed(value) if isinstance(value, str) else value


def _first_problem(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"The message cannot be used: {place or 'message'}: {first['msg']}."[:300]
