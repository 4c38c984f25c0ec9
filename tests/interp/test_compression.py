"""Compression: what changes nothing changes no bit, and what has a rank loses nothing at that
rank.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from layerfold.errors import Cancelled, InputError
from layerfold.interp import changes, compression, edge, whole_model
from layerfold.interp.changes import Change, Cut, applied, change_of, of_rank, rounded, thinned
from layerfold.interp.compression import Options
from layerfold.interp.session import Session
from layerfold.interp.stepwise import Watch

QUICK = Options(windows=6, draws=40)
TEXT = ["The bank of the river was steep. A man sat by the water and read a book about war. " * 12]
MATRIX = torch.randn(12, 9, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
NOTHING = ("bits=16", "bits=32", "rank=48", "sparsity=0", "directions=16")


def measured(opened: Session, *words: str, step: int = 64) -> compression.Compression:
    return compression.measure(opened, [change_of(one) for one in words], [step], TEXT, QUICK)


def test_a_matrix_of_known_rank_loses_nothing_at_that_rank() -> None:
    low = MATRIX[:, :3] @ MATRIX[:3, :]
    np.testing.assert_allclose(of_rank(low, 3), low, atol=1e-12)
    assert (of_rank(low, 2) - low).norm() > 0.1


def test_rounding_keeps_the_largest_of_each_row_and_is_within_half_a_step() -> None:
    found = rounded(MATRIX, 3)
    most = MATRIX.abs().amax(dim=1)
    np.testing.assert_allclose(found.abs().amax(dim=1), most, rtol=1e-12)
    assert ((found - MATRIX).abs() <= most[:, None] / 3 / 2 + 1e-12).all()
    assert max(len(set(row)) for row in (found / most[:, None]).round(decimals=9).tolist()) <= 7
    assert (rounded(torch.zeros(2, 2), 3) == 0).all()


def test_thinning_drops_the_smallest() -> None:
    found = thinned(MATRIX, 0.5)
    assert (found == 0).sum() == MATRIX.numel() // 2
    assert found[found != 0].abs().min() >= MATRIX[found == 0].abs().max()


@pytest.mark.parametrize("words", NOTHING)
def test_what_changes_nothing_changes_no_bit(opened: Session, words: str) -> None:
    adapter = opened.run.adapter(64)
    ids = list(range(20))
    plain = adapter.states(ids).values
    change = change_of(words)
    cut = (
        changes.cuts_of(adapter, plain[:, None], int(change.amount))
        if change.kind == "directions"
        else ()
    )
    with applied(adapter, change, cut):
        assert adapter.states(ids).values.tobytes() == plain.tobytes()
    found = measured(opened, words)
    assert found.damage.value[0, 0] == 0.0
    assert found.divergence.value[0, 0] == 0.0
    assert found.noise_damage.value[0, 0] == 0.0, "noise as large as nothing"
    assert found.kept[0, 0] == 1.0


@pytest.mark.parametrize(
    "words", ["bits=3", "rank=2", "sparsity=0.7", "layer=1", "head=0.1", "directions=2"]
)
def test_a_change_is_felt_and_undone(opened: Session, words: str) -> None:
    adapter = opened.run.adapter(64)
    ids = list(range(20))
    plain = adapter.states(ids).values
    change = change_of(words)
    cut = (
        changes.cuts_of(adapter, plain[:, None], int(change.amount))
        if change.kind == "directions"
        else ()
    )
    for noise in (None, 1):
        with applied(adapter, change, cut, noise):
            assert np.abs(adapter.states(ids).values - plain).max() > 1e-3
        assert adapter.states(ids).values.tobytes() == plain.tobytes()


def test_a_layer_left_out_adds_nothing(opened: Session) -> None:
    adapter = opened.run.adapter(64)
    with applied(adapter, change_of("layer=1")):
        states = adapter.states(list(range(12))).values
    np.testing.assert_array_equal(states[4], states[2])


def test_states_that_are_cut_lie_in_so_many_directions(opened: Session) -> None:
    adapter = opened.run.adapter(64)
    windows = opened.atlas.reference.windows
    cuts = changes.cuts_of(adapter, adapter.batch_states(windows), 3)
    with applied(adapter, change_of("directions=3"), cuts):
        last = adapter.batch_states(windows)[-1].reshape(-1, 16)
    sizes = np.linalg.svd(last.astype(float) - cuts[-1].mean.numpy(), compute_uv=False)
    assert sizes[3] < 1e-4 * sizes[0] < sizes[2]


def test_noise_is_as_large_as_the_change(opened: Session) -> None:
    adapter = opened.run.adapter(64)
    plain = [matrix.read() for matrix in changes.matrices_of(adapter)]
    sizes = []
    for noise in (None, 5):
        with applied(adapter, change_of("bits=3"), (), noise):
            now = [matrix.read() for matrix in changes.matrices_of(adapter)]
        sizes.append([float((a - b).norm()) for a, b in zip(now, plain, strict=True)])
    np.testing.assert_allclose(sizes[0], sizes[1], rtol=1e-5)


@pytest.mark.parametrize("words", ["bits=3", "sparsity=0.7", "head=0.1"])
def test_noise_is_the_same_where_sizes_are_known(opened: Session, words: str) -> None:
    adapter, change = opened.run.adapter(64), change_of(words)
    sizes: changes.Sizes = {}
    with applied(adapter, change, sizes=sizes):
        pass
    found = []
    for known in (None, sizes):
        with applied(adapter, change, (), 5, known):
            found.append([one.read().numpy().tobytes() for one in changes.matrices_of(adapter)])
    assert found[0] == found[1]


def test_of_equal_weights_the_first_go() -> None:
    matrix = torch.tensor([[2.0, 1.0, -1.0], [1.0, -0.5, 3.0]], dtype=torch.float64)
    assert changes.thinned(matrix, 0.5).tolist() == [[2.0, 0.0, 0.0], [1.0, 0.0, 3.0]]
    assert changes.thinned(matrix, 0.0) is matrix


def test_every_matrix_of_the_layers_is_changed_and_no_other(opened: Session) -> None:
    names = {
        name for name, value in opened.run.adapter(0).model.named_parameters() if value.dim() == 2
    }
    inside = {name for name in names if name.startswith("blocks.")}
    assert len(changes.matrices_of(opened.run.adapter(0))) == len(inside) == 8


def test_damage_grows_as_less_is_kept(opened: Session) -> None:
    found = measured(opened, "bits=8", "bits=4", "bits=3", "rank=12", "rank=2")
    divergence = found.divergence.value[0]
    assert divergence[0] < divergence[1] < divergence[2]
    assert divergence[3] < divergence[4]
    assert found.kept[0, 0] > found.kept[0, 2]
    assert (found.damage.low <= found.damage.value).all()
    assert len(list(found.rows())) == 5


def test_the_same_bytes_twice(opened: Session) -> None:
    first = measured(opened, "bits=3")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(compression, "at_step", lambda *_: pytest.fail("computed again"))
        assert measured(opened, "bits=3").damage.low.tobytes() == first.damage.low.tobytes()
    other = compression.measure(opened, [change_of("bits=3")], [64], TEXT, Options(6, 40, seed=1))
    assert other.noise_damage.value != first.noise_damage.value
    assert other.damage.value == first.damage.value


def test_what_is_kept_of_the_whole_model_changes_no_bit(
    opened: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The numbers by their definition, every logit of both models found again; windows in one
    batch."""
    adapter = opened.run.adapter(64)
    windows, _ = compression.held_out(opened, TEXT, QUICK)
    change = change_of("bits=3")

    def logs() -> torch.Tensor:
        states = edge.last_states(adapter, windows)
        return torch.from_numpy(adapter.unembed(states[:, :-1])).log_softmax(dim=-1)

    whole = logs()
    with applied(adapter, change):
        smaller = logs()
    ids = torch.from_numpy(windows[:, 1:, None].astype(np.int64))
    divergence = (whole.exp() * (whole - smaller)).sum(dim=-1).double().mean(dim=1).numpy()
    damage = (whole.gather(-1, ids) - smaller.gather(-1, ids))[..., 0].double()
    for kept in (1 << 29, 0):
        monkeypatch.setattr(whole_model, "MOST_KEPT", kept)
        found = compression.at_step(adapter, [change], windows, QUICK)
        assert found["divergence"][0, 0] == divergence.mean()
        assert found["damage"][0, 0] == pytest.approx(float(damage.mean()), abs=1e-6)


def test_progress_goes_on_within_a_step_and_it_stops_there(opened: Session) -> None:
    adapter = opened.run.adapter(64)
    windows, _ = compression.held_out(opened, TEXT, QUICK)
    shares: list[float] = []
    watch = Watch(progress=lambda _, share: shares.append(share))
    compression.at_step(adapter, [change_of("bits=3"), change_of("rank=2")], windows, QUICK, watch)
    assert shares == sorted(shares)
    assert len(set(shares)) >= 9, "the whole model and four passes of each change"
    stop = Watch(cancelled=lambda: len(shares) > 20)
    shares.clear()
    counting = replace(stop, progress=lambda _, share: shares.append(share))
    with pytest.raises(Cancelled):
        compression.at_step(adapter, [change_of("bits=3")] * 9, windows, QUICK, counting)


def test_both_models_go_on_with_a_sentence(opened: Session) -> None:
    changes = [change_of("bits=16"), change_of("layer=1")]
    whole, (same, smaller) = compression.sentences(opened, changes, "the bank", 64, 6)
    assert whole == same
    assert whole.startswith("the bank")
    assert whole != smaller


@pytest.mark.parametrize(
    "words",
    [
        "",
        "bits",
        "bits=one",
        "bits=1",
        "bits=2.5",
        "rank=0",
        "sparsity=1",
        "head=1",
        "layer=-1",
        "size=3",
        "directions=0",
    ],
)
def test_what_is_no_change_is_refused(words: str) -> None:
    with pytest.raises(InputError):
        change_of(words)


def test_changes_keep_their_names() -> None:
    for words in (*NOTHING, "bits=3", "head=2.1", "sparsity=0.25", "layer=3"):
        assert change_of(words).name == words


def test_what_is_not_there_is_refused(opened: Session) -> None:
    with pytest.raises(InputError, match="no layer 2"):
        measured(opened, "layer=2")
    with pytest.raises(InputError, match="no head 4"):
        measured(opened, "head=0.4")
    with pytest.raises(InputError, match="No change"):
        compression.measure(opened, [])
    with pytest.raises(Cancelled):
        compression.measure(
            opened, [Change("bits", 3)], [0], TEXT, Options(5, 20, 7), Watch(cancelled=lambda: True)
        )
    assert Cut.of(np.eye(4, dtype=np.float32), 4) is None


def test_sentences_are_rows_of_steps_and_changes(opened: Session) -> None:
    changes = [change_of("bits=16"), change_of("layer=1")]
    rows = compression.sentence_rows(opened, changes, "the bank", [0, 64], Watch())
    assert [(row["step"], row["change"]) for row in rows] == [
        (step, change.name) for step in (0, 64) for change in changes
    ]
    assert rows[0]["whole"] == rows[0]["smaller"]
    with pytest.raises(Cancelled):
        compression.sentence_rows(opened, changes, "the", [0], Watch(cancelled=lambda: True))
