"""A run's own map: the scores of its reference and of a text, kept, beside a picture that says
nothing.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from layerfold.errors import Cancelled, SiteNotFound, StepNotFound
from layerfold.files.array_cache import ArrayCache
from layerfold.geometry.discontinuity import moves_of, reference_scores, scores_of
from layerfold.interp import discontinuity
from layerfold.interp.discontinuity import Discontinuity, below
from layerfold.interp.session import Session, open_session

TEXT = "The bank of the river."


@pytest.fixture(scope="module")
def found(opened: Session) -> Discontinuity:
    return discontinuity.measure(opened, 8, 2, opened.tokenize(TEXT))


def test_scores_are_those_of_the_steps_own_map(opened: Session, found: Discontinuity) -> None:
    space = opened.space(8)
    states = np.asarray(space.states[2], dtype=np.float32)
    own = reference_scores(space.placer.map_at(2), states)
    for name, values in vars(own).items():
        assert np.array_equal(getattr(found, name), values), name
    assert (found.step, found.site, found.length) == (8, "L0.post", 0.1)
    assert len(found.perturbation) == len(opened.atlas.reference)


def test_a_texts_tokens_have_the_scores_of_their_states(
    opened: Session, found: Discontinuity
) -> None:
    sentence = opened.tokenize(TEXT)
    assert found.tokens == tuple(token.text for token in sentence.tokens)
    raw = opened.space(8).adapter.states(sentence.ids).values[2]
    centered = raw - raw.mean(axis=-1, keepdims=True)
    states = centered / np.linalg.norm(centered, axis=-1, keepdims=True)
    space = opened.space(8)
    scale = np.linalg.norm(np.asarray(space.states[2], dtype=np.float32), axis=-1).mean()
    known = scores_of(space.placer.map_at(2), scale * states, moves_of(space.states[2]))
    np.testing.assert_allclose(found.token_perturbation, known.perturbation, rtol=0.05, atol=1e-3)


def test_a_text_is_not_needed_and_a_site_counts_from_the_end(opened: Session) -> None:
    alone = discontinuity.measure(opened, 8, -1)
    assert (alone.site, alone.tokens, len(alone.token_singularity)) == ("L1.post", (), 0)


def test_what_was_found_is_kept_and_what_is_stopped_is_not(
    small_folder: Path, tmp_path: Path
) -> None:
    session = open_session(small_folder, ArrayCache(tmp_path))
    with pytest.raises(Cancelled):
        discontinuity.measure(session, 8, 1, cancelled=lambda: True)
    first = discontinuity.measure(session, 8, 1)
    again = discontinuity.measure(session, 8, 1, cancelled=lambda: True)  # nothing is left to do
    assert np.array_equal(first.perturbation, again.perturbation)
    other = discontinuity.measure(session, 8, 1, length=0.2)
    assert not np.array_equal(first.perturbation, other.perturbation)


def test_a_place_that_is_not_there_is_refused(opened: Session) -> None:
    with pytest.raises(SiteNotFound, match="no site 9"):
        discontinuity.measure(opened, 8, 9)
    with pytest.raises(StepNotFound, match="no clouds at step 5"):
        discontinuity.measure(opened, 5, 0)


def test_rows_say_the_slice_beside_its_control_then_each_token() -> None:
    values = np.array([1, 2, 3, np.inf], dtype=np.float32)
    dealt = np.array([2.5, 9, np.inf], dtype=np.float32)
    token = np.array([2.0], dtype=np.float32)
    whole, one = Discontinuity(
        8, "embed", 0.1, values, values, values, dealt, dealt, ("a",), token, token
    ).rows()
    assert whole["perturbation"] == 2
    assert (whole["singularity_control"], whole["singularity_above_control"]) == (9, 25)
    assert one == {
        "step": 8,
        "site": "embed",
        "token": "a",
        "perturbation": 2.0,
        "perturbation_percentile": 25.0,
        "singularity": 2.0,
        "singularity_percentile": 25.0,
    }
    assert below(values, np.inf) == 75
