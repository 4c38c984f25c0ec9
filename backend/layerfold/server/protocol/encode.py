"""Arrays as binary messages: safetensors whose ``__metadata__`` is the message's header."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
from safetensors.numpy import save

from layerfold.errors import BadMessage
from layerfold.interp.interval import Interval
from layerfold.interp.shown import Arrows
from layerfold.records import Floats, PlacedSlice
from layerfold.server.protocol.inspect import AnyAnswer, header_of
from layerfold.server.protocol.messages import SliceHeader
from layerfold.server.protocol.questions import AnyQuestion


def encode_slice(request: int, run: str, sentence: str, slice_: PlacedSlice) -> bytes:
    """A placed slice as the binary message of the protocol."""
    header = SliceHeader(id=str(request), run=run, sentence=sentence, step=str(slice_.step))
    tensors = {
        "positions": slice_.placed.positions,
        "outside": slice_.placed.outside,
        "segment_trust": slice_.segment_trust,
        "norm": slice_.norm,
    }
    return _packed(tensors, header.model_dump())


def encode_answer(question: AnyQuestion, kind: type[AnyAnswer], found: object) -> bytes:
    """What was found as the binary answer of a kind: its arrays as tensors in float32 (those of a
    record inside it as ``name.part``, numbers with bounds as [..., 3]), all else in the header.
    """
    told: dict[str, Any] = {}
    tensors: dict[str, Floats] = {}
    for key, value in _named(found):
        if isinstance(value, np.ndarray):
            tensors[key] = value
        elif isinstance(value, Arrows):
            tensors |= {f"{key}.{name}": part for name, part in vars(value).items()}
        elif isinstance(value, Interval):
            tensors[key] = np.stack([value.value, value.low, value.high], axis=-1)
        elif key in kind.model_fields:
            told[key] = _plain(value)
    return _packed(tensors, header_of(question, kind.model_validate(told)))


def _named(found: object) -> list[tuple[str, Any]]:
    """The parts of a record or of a mapping by name."""
    if isinstance(found, Mapping):
        return list(found.items())
    return [(field.name, getattr(found, field.name)) for field in fields(found)]  # type: ignore[arg-type]


def _plain(value: Any) -> Any:
    """Records as dictionaries, tuples as lists."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    return [_plain(one) for one in value] if isinstance(value, tuple) else value


def _packed(tensors: Mapping[str, Floats], header: Mapping[str, str]) -> bytes:
    arrays = {name: np.ascontiguousarray(values, dtype="<f4") for name, values in tensors.items()}
    return save(arrays, dict(header))


def decode_tensors(data: bytes) -> tuple[dict[str, str], dict[str, Floats]]:
    """The header and the float32 tensors of a binary message.

    Raises BadMessage when the bytes are not such a message.
    """
    try:
        size = int.from_bytes(data[:8], "little")
        header = json.loads(data[8 : 8 + size])
        metadata: dict[str, str] = header.pop("__metadata__", {})
        body = data[8 + size :]
        return metadata, {name: _tensor(body, entry) for name, entry in header.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadMessage(
            f"The binary message of {len(data)} bytes is not safetensors: {error}."
        ) from None


def _tensor(body: bytes, entry: Mapping[str, Any]) -> Floats:
    if entry["dtype"] != "F32":
        raise ValueError(f"dtype {entry['dtype']}")
    start, end = entry["data_offsets"]
    return np.frombuffer(body[start:end], dtype="<f4").reshape(entry["shape"])
