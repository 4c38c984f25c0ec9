"""Arrays as binary messages: safetensors whose ``__metadata__`` is the message's header."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from layerfold.errors import BadMessage
from layerfold.interp.inspection import GHOSTS
from layerfold.interp.interval import Interval
from layerfold.interp.shown import Arrows
from layerfold.records import Floats, Ints, PlacedSlice
from layerfold.server.protocol.inspect import AnyAnswer, header_of
from layerfold.server.protocol.messages import SliceHeader
from layerfold.server.protocol.questions import AnyQuestion

_KINDS: Final = {"F32": "<f4", "I32": "<i4"}


def encode_slice(request: int, run: str, sentence: str, slice_: PlacedSlice) -> bytes:
    """A placed slice as the binary message of the protocol."""
    header = SliceHeader(id=str(request), run=run, sentence=sentence, step=str(slice_.step))
    tensors: dict[str, NDArray[Any]] = {
        "positions": slice_.placed.positions,
        "outside": slice_.placed.outside,
        "segment_trust": slice_.segment_trust,
        "norm": slice_.norm,
        "near": slice_.placed.neighbors[..., :GHOSTS],
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
    tensors = {name: np.asarray(part, np.float32) for name, part in tensors.items()}
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


def _packed(tensors: Mapping[str, NDArray[Any]], header: Mapping[str, str]) -> bytes:
    arrays = {
        name: np.ascontiguousarray(
            values, dtype=_KINDS["I32" if values.dtype.kind == "i" else "F32"]
        )
        for name, values in tensors.items()
    }
    return save(arrays, dict(header))


def decode_tensors(data: bytes) -> tuple[dict[str, str], dict[str, Floats | Ints]]:
    """The header and the tensors of a binary message, in float32 or int32.

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


def _tensor(body: bytes, entry: Mapping[str, Any]) -> Floats | Ints:
    if entry["dtype"] not in _KINDS:
        raise ValueError(f"dtype {entry['dtype']}")
    start, end = entry["data_offsets"]
    found = np.frombuffer(body[start:end], dtype=_KINDS[entry["dtype"]])
    return found.reshape(entry["shape"])
