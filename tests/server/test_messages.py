"""The protocol: what is read, what is refused, what the bytes hold."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load

from layerfold.errors import BadMessage
from layerfold.records import Placed, PlacedSlice, Sentence, finite
from layerfold.server.answers import REGISTRY
from layerfold.server.protocol.encode import decode_tensors, encode_slice
from layerfold.server.protocol.inspect import AnyAnswer
from layerfold.server.protocol.messages import (
    Cancel,
    Inspect,
    Place,
    id_of,
    parse_client,
    well_formed,
)
from layerfold.server.protocol.questions import AnyQuestion
from layerfold.server.protocol.schema import schema

PLACE = {"type": "place", "id": 1, "run": "r", "sentence": "s", "text": "t"}


def test_messages_of_the_page() -> None:
    assert parse_client(json.dumps(PLACE | {"steps": [3, 1], "step": 3})) == Place(
        type="place", id=1, run="r", sentence="s", text="t", steps=[3, 1], step=3
    )
    assert parse_client('{"type":"cancel","sentence":"s"}') == Cancel(type="cancel", sentence="s")
    inspect = parse_client('{"type":"inspect","id":0,"run":"r","step":1,"site":2,"reference":3}')
    assert isinstance(inspect, Inspect)
    assert inspect.reference == 3


@pytest.mark.parametrize(
    "change",
    [
        {"id": -1},
        {"id": 2**53},
        {"id": "1"},
        {"id": True},
        {"id": 1.0},
        {"run": ""},
        {"run": "r" * 201},
        {"sentence": ""},
        {"text": None},
        {"steps": [1.5]},
        {"steps": [0] * 4097},
        {"extra": 0},
        {"type": "Place"},
    ],
)
def test_what_is_not_meant_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(BadMessage):
        parse_client(json.dumps(PLACE | change))


@pytest.mark.parametrize(
    "text",
    ["x" * 70_000, "é" * 40_000, '{"id":' + "9" * 5000 + "}", "[" * 50_000, "NaN", '{"type": NaN}'],
)
def test_large_and_deep_messages_are_refused(text: str) -> None:
    with pytest.raises(BadMessage):
        parse_client(text)


def test_lone_surrogates_become_replacement_characters_and_pairs_characters() -> None:
    message = parse_client(json.dumps(PLACE | {"text": "a\ud800b \ud83d\ude00"}))
    assert isinstance(message, Place)
    assert message.text == "a\ufffdb 😀"


@given(st.text(alphabet=st.characters(categories=["Cs", "L", "So"])))
def test_well_formed_text_can_be_encoded(text: str) -> None:
    well_formed(text).encode()


@given(st.text(max_size=100))
def test_no_text_does_more_than_be_refused(text: str) -> None:
    with pytest.raises(BadMessage):
        parse_client(text)
    id_of(text)


@pytest.mark.parametrize(
    ("text", "id"),
    [('{"id":3}', 3), ('{"id":-3}', None), ('{"id":true}', None), ("[]", None), ("", None)],
)
def test_the_id_of_a_broken_message(text: str, id: int | None) -> None:
    assert id_of(text) == id


def a_slice(sites: int = 3, tokens: int = 2) -> PlacedSlice:
    random = np.random.default_rng(0)
    positions = random.normal(size=(sites, tokens, 3)).astype(np.float32)
    placed = Placed(
        positions,
        np.zeros((sites, tokens, 4), np.int32),
        np.zeros((sites, tokens, 4), np.float32),
        positions[..., 0],
    )
    return PlacedSlice(64, Sentence("a b", ()), placed, positions[1:, :, 1], positions[..., 2])


def test_a_slice_is_safetensors_and_comes_back() -> None:
    slice_ = a_slice()
    data = encode_slice(5, "r", "schlüssel", slice_)
    header, tensors = decode_tensors(data)
    assert header == {"type": "slice", "id": "5", "run": "r", "sentence": "schlüssel", "step": "64"}
    for name, values in load(data).items():
        assert np.array_equal(values, tensors[name])
    assert np.array_equal(tensors["positions"], slice_.placed.positions)
    assert tensors["segment_trust"].shape == (2, 2)
    assert (8 + int.from_bytes(data[:8], "little")) % 8 == 0, (
        "the page lays Float32Arrays over the bytes, which must be aligned"
    )


@given(st.binary(max_size=200), st.integers(0, 400))
def test_bytes_that_are_no_slice_are_refused(noise: bytes, cut: int) -> None:
    data = encode_slice(5, "r", "s", a_slice())
    for broken in (noise, data[:cut], noise + data):
        try:
            decode_tensors(broken)
        except BadMessage:
            continue
        assert broken in (data, b"") or b"{" in broken


def test_numbers_that_json_does_not_know_are_null() -> None:
    values = np.array([[1.23456789, np.nan], [np.inf, -0.5]], np.float32)
    assert finite(values) == [[1.23457, None], [None, -0.5]]


def test_the_schema_names_every_message() -> None:
    described = schema()
    assert {
        entry["$ref"].rsplit("/")[-1] for entry in described["properties"]["ClientMessage"]["oneOf"]
    } == {
        *("Place", "Inspect", "Cancel"),
        *(kind.__name__ for kind in get_args(AnyQuestion)),
    }
    assert {"Hello", "Tokens", "Done", "Inspected", "Failure", "SliceHeader", "RunCard"} <= set(
        described["$defs"]
    )
    assert described["$defs"]["Place"]["required"] == ["type", "id", "run", "sentence", "text"]


def test_every_question_is_answered_and_every_answer_is_in_the_schema() -> None:
    assert set(REGISTRY) == set(get_args(AnyQuestion))
    assert {entry.answer for entry in REGISTRY.values()} == set(get_args(AnyAnswer))
    described = schema()["$defs"]
    for question, entry in REGISTRY.items():
        assert {question.__name__, entry.answer.__name__} <= set(described)


def test_the_schema_is_printed() -> None:
    printed = subprocess.run(
        [sys.executable, "-m", "layerfold.server.protocol.schema"],
        capture_output=True,
        text=True,
        check=True,
        encoding="utf-8",
    ).stdout
    assert json.loads(printed) == json.loads(json.dumps(schema()))
