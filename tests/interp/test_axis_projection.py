"""The picture on named axes: coordinates are what axes read, other directions fill it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from layerfold.errors import InputError, ProjectionNotFound
from layerfold.interp import axes
from layerfold.interp.axis_projection import AxesSession, filled, open_session
from layerfold.interp.word_sets import PairList
from tests.small import make_run

PAIRS = tuple(zip("retnhkml", "soiadvgw", strict=True))
OTHER = tuple(zip("retnhk", "aoosid", strict=True))


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> AxesSession:
    folder = tmp_path_factory.mktemp("axes")
    return open_session(make_run(folder / "small"), folder / "cache")


def test_the_first_coordinate_is_what_the_axis_reads(session: AxesSession) -> None:
    pairs = PairList("own", "en", PAIRS)
    name = f"axes~{session.keep_pairs(pairs)}"
    cloud = session.picture(name).cloud(64)
    states = session.space(64).states.astype(np.float64)
    direction = axes.measure(session, pairs, [64]).direction[0]
    for site, one in enumerate(states):
        along = (one - one.mean(axis=0)) @ direction[site]
        assert np.corrcoef(along, cloud[site, :, 0])[0, 1] == pytest.approx(1, abs=1e-4)
    far = np.linalg.norm(session.picture(name).cloud(64), axis=-1)
    assert np.quantile(far, 0.98) == pytest.approx(1, abs=0.02)
    assert (far[..., None] > 0).any()
    assert session.picture(name) is session.picture(name)


def test_a_token_lies_where_its_like_lies_in_the_cloud_and_twice_the_same(
    session: AxesSession,
) -> None:
    lists = [PairList("own", "en", PAIRS), PairList("two", "en", OTHER)]
    name = "~".join(["axes", *(session.keep_pairs(one) for one in lists)])
    picture = session.picture(name)
    states = session.space(8).states
    np.testing.assert_allclose(picture.place(states, 8), picture.cloud(8), atol=2e-3)
    again = open_session(session.run.folder)
    for one in lists:
        again.keep_pairs(one)
    assert again.picture(name).place(states, 8).tobytes() == picture.place(states, 8).tobytes()
    trust = picture.mean_trust([8])
    assert trust.shape == (1, len(session.sites))
    assert (trust > 0).all()
    assert session.atlas_bytes(8, name, trust=True)


def test_what_is_left_fills_the_picture() -> None:
    states = np.random.default_rng(0).normal(size=(300, 5)).astype(np.float32)
    states *= [1, 5, 3, 0.1, 0.1]
    unit = np.eye(5, dtype=np.float32)[:1]
    rows = filled(unit, states, None)
    np.testing.assert_array_equal(rows[0], unit[0])
    assert abs(rows[1, 1]) > 0.99
    assert abs(rows[2, 2]) > 0.99
    np.testing.assert_allclose(filled(unit, states, -rows), np.stack([rows[0], -rows[1], -rows[2]]))
    flat = filled(unit, np.outer(np.arange(9.0), unit[0]).astype(np.float32), None)
    np.testing.assert_array_equal(flat[1:], 0)


def test_what_is_no_axis_is_refused_by_name(session: AxesSession, tmp_path: Path) -> None:
    with pytest.raises(ProjectionNotFound, match="zebra"):
        session.picture("axes~zebra")
    with pytest.raises(ProjectionNotFound, match="12345678"):
        session.picture("axes~own.12345678")
    with pytest.raises(InputError, match="one to three"):
        session.picture("axes~gender~number~tense~capital")
    with pytest.raises(InputError, match="different"):
        session.picture("axes~gender~gender")
