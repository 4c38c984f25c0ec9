"""The logit lens against a computation by hand."""

from __future__ import annotations

from math import exp, log

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from layerfold.interp.logit_lens import likeliest, logit_lens
from layerfold.records import Floats, States
from layerfold.runs.run import Run


class Plain:
    """A model whose logits are its states."""

    sites, d_model, n_vocab, max_tokens = (), 3, 3, 8

    def states(self, ids: object) -> States:
        raise NotImplementedError

    def batch_states(self, windows: object) -> Floats:
        raise NotImplementedError

    def unembed(self, values: Floats) -> Floats:
        return values


def test_numbers_are_those_made_by_hand() -> None:
    lens = logit_lens(
        Plain(), np.log(np.array([[0.5, 0.25, 0.25], [0.2, 0.2, 0.6]], dtype=np.float32)), 2
    )
    kl = 0.5 * log(0.5 / 0.2) + 0.25 * log(0.25 / 0.2) + 0.25 * log(0.25 / 0.6)
    assert np.allclose(lens.kl, [kl, 0], atol=1e-6)
    assert lens.kl[-1] == 0
    assert np.allclose(lens.entropy, [1.5 * log(2), -(0.4 * log(0.2) + 0.6 * log(0.6))], atol=1e-6)
    assert lens.ids.tolist() == [[0, 1], [2, 0]]
    assert np.allclose(lens.probabilities, [[0.5, 0.25], [0.6, 0.2]], atol=1e-6)


def test_adding_to_all_logits_changes_nothing() -> None:
    logits = np.array([[1.0, 2.0, 3.0], [0.0, -1.0, 4.0]], dtype=np.float32)
    assert np.allclose(
        logit_lens(Plain(), logits, 3).kl, logit_lens(Plain(), logits + 800, 3).kl, atol=1e-5
    )
    assert exp(-float(logit_lens(Plain(), logits, 3).entropy[0])) <= 1


def test_the_last_site_of_a_real_model_says_what_the_model_says(tiny_run: Run) -> None:
    adapter = tiny_run.adapter(12)
    ids = tiny_run.tokenizer().encode("The sailor watched the river", 64).ids
    values = adapter.states(ids).values[:, -1]
    lens = logit_lens(adapter, values, 500)
    assert lens.kl[-1] == 0
    assert (lens.kl[:-1] > 0).all()
    assert lens.ids.shape == (5, adapter.n_vocab)
    assert np.allclose(lens.probabilities.sum(axis=1), 1, atol=1e-5)
    logits = adapter.unembed(values)
    assert lens.ids[:, 0].tolist() == logits.argmax(axis=1).tolist()


@given(st.data())
def test_the_likeliest_are_those_of_a_whole_sort_ties_by_id(data: st.DataObject) -> None:
    values = st.sampled_from([0.0, 1.0, 2.0, -np.inf, np.nan])
    row = np.array(data.draw(st.lists(values, min_size=1, max_size=30)))
    logs = np.stack([row, row[::-1]])
    top = data.draw(st.integers(0, len(row)))
    whole = np.argsort(-logs, axis=-1, kind="stable")
    assert np.array_equal(likeliest(logs, top), whole[:, :top])
