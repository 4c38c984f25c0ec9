"""Clouds packed for the page are the file's own to the bit, and smaller."""

from __future__ import annotations

import gzip
import json
import struct
from collections.abc import Iterator

import numpy as np
import pytest
from fastapi.testclient import TestClient
from numpy.typing import NDArray
from safetensors.numpy import load, save

from layerfold.server.protocol.clouds import PackedClouds, ordered, packed_clouds, planes
from tests.server.conftest import application
from tests.server.fakes import FakeRun

LOCAL, RUNS = "http://127.0.0.1", "/api/runs"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    app = application(FakeRun(), frontend=tmp_path_factory.mktemp("page"), hosts=("testserver",))
    with TestClient(app, base_url=LOCAL) as client:
        yield client


def unfolded(arrays: dict[str, NDArray[np.uint8]]) -> NDArray[np.int16]:
    """Whole numbers [step, site, ref, 3] out of planes: sums along sites, then along steps."""
    folded = arrays["low"].astype(np.int32) | arrays["high"].astype(np.int32) << 8
    rest = (folded >> 1) ^ -(folded & 1)
    whole = rest.cumsum(axis=1).cumsum(axis=0).transpose(0, 1, 3, 2)
    return (whole & 0xFFFF).astype(np.uint16).view(np.int16)


def test_half_numbers_keep_their_order_and_come_back() -> None:
    every = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    whole = ordered(every)
    assert np.array_equal(ordered(whole.astype(np.int16).view(np.float16)), every.view(np.int16))
    finite = every[np.isfinite(every)].astype(np.float32)
    places = ordered(every)[np.isfinite(every)]
    assert (np.diff(finite[np.argsort(places)]) >= 0).all()


def test_planes_are_the_differences_modulo_their_16_bits() -> None:
    whole = np.random.default_rng(0).integers(-(2**15), 2**15, (2, 3, 4, 3)).astype(np.int32)
    found = planes(whole)
    assert {name: part.shape for name, part in found.items()} == dict.fromkeys(
        ("low", "high"), (2, 3, 3, 4)
    )
    assert np.array_equal(unfolded(found), whole.astype(np.int16))


def test_packed_clouds_are_positions_and_trust_to_the_bit_in_less_room() -> None:
    rng = np.random.default_rng(1)
    way = rng.normal(size=(1, 500, 3)).cumsum(axis=0) + 0.02 * rng.normal(size=(5, 500, 3))
    positions = way.astype(np.float16)
    positions[0, 0] = -0.0, np.inf, 65504
    trust = rng.integers(200, 256, (5, 500)).astype(np.uint8)
    data = save({"positions": positions, "trust": trust, "continuity": trust})
    packed = packed_clouds(data)
    arrays = load(gzip.decompress(packed))
    back = ordered(unfolded(arrays)[0].view(np.float16)).astype(np.int16).view(np.float16)
    assert back.tobytes() == positions.tobytes()
    assert np.array_equal(arrays["trust"], trust)
    assert set(arrays) == {"low", "high", "trust"}
    assert len(packed) < 0.9 * len(gzip.compress(data))


def test_no_more_is_kept_than_there_is_room_for() -> None:
    files = [save({"positions": np.full((1, 9, 3), n, dtype=np.float16)}) for n in range(4)]
    sizes = [len(packed_clouds(data)) for data in files]
    kept = PackedClouds(room=sizes[2] + sizes[3])
    first = [kept.of(str(n), data) for n, data in enumerate(files)]
    assert first == [packed_clouds(data) for data in files]
    assert list(kept._kept) == ["2", "3"]
    assert kept.of("3", b"not asked for again") is first[3]


@pytest.mark.parametrize("coding", ["gzip", "identity"])
def test_the_page_gets_them_packed_as_it_takes_them(client: TestClient, coding: str) -> None:
    plain = load(client.get(f"{RUNS}/fake/atlas/8").content)
    answer = client.get(f"{RUNS}/fake/atlas/8?packed=true", headers={"Accept-Encoding": coding})
    assert answer.headers.get("content-encoding", "identity") == coding
    assert "Accept-Encoding" in answer.headers["vary"]
    arrays = load(answer.content)
    assert np.array_equal(unfolded(arrays)[0], ordered(plain["positions"]).astype(np.int16))
    assert np.array_equal(arrays["trust"], plain["trust"])
    again = {"If-None-Match": answer.headers["etag"], "Accept-Encoding": coding}
    assert client.get(f"{RUNS}/fake/atlas/8?packed=true", headers=again).status_code == 304
    assert client.get(f"{RUNS}/fake/atlas/8", headers=again).status_code == 200


def test_a_linear_picture_is_packed_without_a_trust_that_was_not_asked_for(
    client: TestClient,
) -> None:
    (length,) = struct.unpack(
        "<Q", (data := client.get(f"{RUNS}/fake/atlas/8?projection=pca&packed=true").content)[:8]
    )
    assert set(json.loads(data[8 : 8 + length])) == {"low", "high"}
