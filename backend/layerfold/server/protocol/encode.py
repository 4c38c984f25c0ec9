"""Arrays as binary messages: safetensors whose ``__metadata__`` is the message's header."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from safetensors.numpy import save

from layerfold.errors import BadMessage
from layerfold.records import Floats, PlacedSlice
from layerfold.server.protocol.inspect import Question, Told, header_of
from layerfold.server.protocol.messages import SliceHeader


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


def encode_look(question: Question, told: Told, tensors: Mapping[str, Floats]) -> bytes:
    """The answer to a question as a binary message: tensors in float32, the answer itself in the
    header.
    """
    return _packed(tensors, header_of(question, told))


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
