"""Generation: kept keys and values change nothing, probabilities are the model's own, and draws
follow their shares."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from layerfold.errors import InputError, TextTooLong
from layerfold.interp.generation import Generation, Sampling, generate
from layerfold.interp.logit_lens import log_softmax
from layerfold.model.gpt_adapter import GPTAdapter
from tests.interp.test_decomposition import CONFIG, IDS, SHAPES, a_model


@pytest.mark.parametrize(
    "config", SHAPES, ids=lambda c: f"{c.norm}-{c.bias}-{c.tied}-{c.activation}-{c.positions}"
)
def test_each_token_has_the_states_it_has_in_the_whole_text(config) -> None:
    model = a_model(config)
    text = Generation(model, IDS[:3])
    states = [text.states] + [text.append(id)[:, None] for id in IDS[3:]]
    true = GPTAdapter(model).states(IDS).values
    assert np.abs(np.concatenate(states, axis=1) - true).max() < 1e-5 * np.abs(true).max()
    assert text.ids == IDS


def test_a_peek_is_where_the_text_would_come_and_leaves_it_where_it_is() -> None:
    text = Generation(a_model(CONFIG), IDS[:4])
    before = text.next_tokens()
    ahead = text.peek([7, 11])
    assert text.next_tokens() == before
    assert text.ids == IDS[:4]
    assert np.allclose(text.append(11), ahead[:, 1], atol=1e-5)
    full = Generation(a_model(CONFIG), IDS + IDS[:6])
    assert full.peek([1]).shape == (7, 0, 32)


def test_next_tokens_is_the_models_own_distribution() -> None:
    model = a_model(CONFIG)
    text = Generation(model, IDS)
    adapter = GPTAdapter(model)
    true = np.exp(log_softmax(adapter.unembed(adapter.states(IDS).values[-1, -1])))
    choices = text.next_tokens(4)
    assert [id for id, _ in choices.likeliest] == np.argsort(-true)[:4].tolist()
    assert [share for _, share in choices.likeliest] == pytest.approx(
        np.sort(true)[::-1][:4], rel=1e-4
    )
    assert sum(share for _, share in choices.likeliest) + choices.rest == pytest.approx(
        1, abs=1e-12
    )
    assert Generation(model, IDS).next_tokens(1000).rest == pytest.approx(0, abs=1e-9)


def test_the_likeliest_is_taken_at_temperature_nought() -> None:
    text = Generation(a_model(CONFIG), IDS[:2])
    for _ in range(5):
        likeliest = text.next_tokens().likeliest[0]
        (new,) = generate(text, 1, Sampling(temperature=0), np.random.default_rng(3))
        assert (new.id, new.probability) == likeliest
        assert new.states.shape == (7, 32)
    assert len(text.ids) == 7


@pytest.mark.parametrize(
    "config", [CONFIG, replace(CONFIG, positions="attention")], ids=["stream", "attention"]
)
def test_generation_with_kept_keys_is_generation_without(config) -> None:
    model = a_model(config)
    text, ids = Generation(model, IDS[:3]), list(IDS[:3])
    for new in generate(text, 12, Sampling(temperature=0), np.random.default_rng(0)):
        with torch.inference_mode():
            assert new.id == int(model(torch.tensor([ids]))[0, -1].argmax())
        ids.append(new.id)
    assert text.ids == ids


def test_the_same_seed_gives_the_same_text() -> None:
    model = a_model(CONFIG)
    texts = [
        [
            new.id
            for new in generate(
                Generation(model, IDS[:2]), 8, Sampling(), np.random.default_rng(seed)
            )
        ]
        for seed in (1, 1, 2)
    ]
    assert texts[0] == texts[1] != texts[2]


def test_a_text_ends_where_the_model_reads_no_more() -> None:
    text = Generation(a_model(CONFIG), IDS)
    assert len(list(generate(text, 100, Sampling(), np.random.default_rng(0)))) == 6
    assert text.full
    with pytest.raises(TextTooLong, match="16 tokens and the model reads 16"):
        text.append(1)


@given(
    st.lists(st.floats(-8, 8), min_size=2, max_size=30),
    st.integers(0, 31),
    st.floats(0.01, 1),
    st.floats(0.1, 5),
)
def test_draws_are_from_the_fewest_likeliest(
    logits: list[float], top_k: int, top_p: float, temperature: float
) -> None:
    values = np.array(logits, dtype=np.float32)
    shares = Sampling(temperature, top_k, top_p).probabilities(values)
    whole = Sampling(temperature).probabilities(values)
    assert shares.sum() == pytest.approx(1)
    kept = shares > 0
    assert 1 <= kept.sum() <= (top_k or len(values))
    assert whole[kept].min() >= whole[~kept].max(initial=0) - 1e-12
    if top_k == 0:
        assert whole[kept].sum() >= top_p - 1e-9
        assert kept.sum() == 1 or whole[kept].sum() - whole[kept].min() < top_p + 1e-9


def test_draws_come_as_often_as_their_shares_say() -> None:
    text = Generation(a_model(CONFIG), IDS)
    rng = np.random.default_rng(0)
    drawn = (
        np.bincount([text.draw(Sampling(top_k=4), rng) for _ in range(4000)], minlength=40) / 4000
    )
    assert drawn == pytest.approx(Sampling(top_k=4).probabilities(text.logits), abs=0.03)


@pytest.mark.parametrize(
    "bad",
    [
        {"temperature": -1},
        {"temperature": float("nan")},
        {"top_k": -2},
        {"top_p": 0},
        {"top_p": 1.5},
    ],
)
def test_what_cannot_be_drawn_from_is_said(bad) -> None:
    with pytest.raises(InputError, match="give"):
        Sampling(**bad)


def test_a_text_needs_a_token_that_there_is() -> None:
    with pytest.raises(InputError, match="at least one word"):
        Generation(a_model(CONFIG), [])
    with pytest.raises(InputError, match="no token 40"):
        Generation(a_model(CONFIG), IDS).append(40)
