"""Aligned PCA: what is three-dimensional comes back whole, what is only turned does not move, what
is degenerate stays defined.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from layerfold.atlas.aligned_pca import AlignedPCA, agreed, outward, principal, write_basis
from layerfold.atlas.projection_files import mapped, path_of, read_projection
from layerfold.errors import InputError

RNG = np.random.default_rng
WORDS = {
    "titles": ("Circle", "圆"),
    "axes": (["cos", "sin", "none"], ["余弦", "正弦", "无"]),
    "source": "a test",
}


def rotation(d: int, seed: int) -> NDArray[np.float64]:
    """A random orthogonal matrix [d, d]."""
    return np.linalg.qr(RNG(seed).normal(size=(d, d)))[0]


def grid(
    steps: int, sites: int, n: int = 60, d: int = 12, seed: int = 0
) -> list[NDArray[np.float32]]:
    """States [site, n, d] a step that drift slowly from slice to slice, longer in some directions
    than in others.
    """
    random = RNG(seed)
    base, drift = random.normal(size=(n, d)), random.normal(size=(2, n, d))
    wide = np.geomspace(5, 0.3, d)
    found = [
        [(base + 0.15 * t * drift[0] + 0.15 * s * drift[1]) * wide for s in range(sites)]
        for t in range(steps)
    ]
    return [np.array(step, dtype=np.float32) for step in found]


def shown(states: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Positions [step, site, n, 3] in the aligned picture."""
    pca = AlignedPCA()
    for step in states:
        pca.add(step)
    matrix, offset = pca.maps()
    return np.array(
        [
            [mapped(*slice_) for slice_ in zip(*step, strict=True)]
            for step in zip(states, matrix, offset, strict=True)
        ]
    )


def distances(points: NDArray[np.floating]) -> NDArray[np.float64]:
    points = points.astype(np.float64)
    return np.linalg.norm(points[:, None] - points[None], axis=-1)


def move(positions: NDArray[np.float32]) -> float:
    """How far points go between neighbouring slices of [step, site, n, 3], over the spread."""
    hops = [np.linalg.norm(np.diff(positions, axis=axis), axis=-1).mean() for axis in (0, 1)]
    return float(np.mean(hops) / positions.std())


def test_three_dimensions_in_many_come_back_whole() -> None:
    random = RNG(1)
    states = [
        np.stack(
            [
                random.normal(size=(50, 3)) * (4, 2, 1) @ rotation(20, seed)[:3] + 7
                for seed in (t, t + 9)
            ]
        )
        for t in range(3)
    ]
    states = [step.astype(np.float32) for step in states]
    for step, positions in zip(states, shown(states), strict=True):
        for site, points in zip(step, positions, strict=True):
            np.testing.assert_allclose(distances(points), distances(site), atol=2e-5)


def test_a_turned_copy_does_not_move() -> None:
    one = grid(1, 1, d=16)[0][0] * np.geomspace(3, 0.01, 16, dtype=np.float32)
    states = [
        np.stack([one @ rotation(16, 3 * t + s).astype(np.float32) + t for s in range(3)])
        for t in range(4)
    ]
    positions = shown(states)
    assert np.abs(positions - positions[-1, 1]).max() < 2e-4 * positions.std()


def test_a_slice_is_turned_and_never_stretched() -> None:
    states = grid(4, 5)
    positions = shown(states)
    for step, clouds in zip(states, positions, strict=True):
        for site, points in zip(step, clouds, strict=True):
            plain = principal(site)
            np.testing.assert_allclose(
                distances(points), distances((site - plain.center) @ plain.axes.T), atol=2e-5
            )


def test_the_last_step_and_middle_site_shows_the_plain_components() -> None:
    states = grid(3, 5)
    root, plain = shown(states)[-1, 2], principal(states[-1][2])
    np.testing.assert_allclose(root, (states[-1][2] - plain.center) @ plain.axes.T, atol=1e-5)
    assert (np.diff(root.var(axis=0)) < 0).all(), "widest first"


def test_neighbouring_slices_move_less_than_with_components_slice_by_slice() -> None:
    states = grid(6, 5)
    # two directions as wide as each other: which is called the first is a matter of luck
    for step in states:
        step[..., 1] *= step[..., :1].std() / step[..., 1].std()
    alone = np.array(
        [
            [(site - principal(site).center) @ principal(site).axes.T for site in step]
            for step in states
        ]
    )
    aligned = shown(states)
    assert move(aligned) < 0.6 * move(alone), (move(aligned), move(alone))


def test_turns_come_to_rest_and_no_single_turn_would_do_better() -> None:
    states = grid(4, 3, seed=4)
    positions = shown(states).astype(np.float64)
    positions /= np.linalg.norm(positions, axis=(2, 3), keepdims=True)
    for step, site in list(outward((4, 3)))[1:]:
        near = [(step + 1, site), (step - 1, site), (step, site + 1), (step, site - 1)]
        target = sum(positions[t, s] for t, s in near if 0 <= t < 4 and 0 <= s < 3)
        left, _, right = np.linalg.svd(target.T @ positions[step, site])
        np.testing.assert_allclose(left @ right, np.eye(3), atol=1e-4)


@pytest.mark.parametrize("shape", [(1, 1), (1, 3), (3, 1), (4, 5), (2, 2)])
def test_every_slice_is_met_once_and_after_a_neighbour(shape: tuple[int, int]) -> None:
    order = list(outward(shape))
    assert order[0] == (shape[0] - 1, shape[1] // 2)
    assert sorted(order) == [(t, s) for t in range(shape[0]) for s in range(shape[1])]
    for at, (step, site) in enumerate(order[1:], 1):
        assert any(abs(step - t) + abs(site - s) == 1 for t, s in order[:at])


def test_mirrored_ties_agree() -> None:
    mirror = np.diag([1.0, 1.0, -1.0])
    ties = {((0, 0), (1, 0)): mirror, ((1, 0), (0, 0)): mirror.T}
    np.testing.assert_allclose(agreed((2, 1), ties), [[mirror], [np.eye(3)]], atol=1e-12)


@pytest.mark.parametrize(
    "states",
    [
        np.ones((2, 30, 8)),
        np.zeros((2, 30, 8)),
        np.full((1, 1, 8), 3.0),
        RNG(0).normal(size=(2, 30, 1)),
        RNG(0).normal(size=(2, 30, 2)),
        RNG(0).normal(size=(2, 2, 8)),
        np.repeat(RNG(0).normal(size=(1, 1, 8)), 30, axis=1),
        np.tile(RNG(0).normal(size=(1, 5, 8)), (2, 4, 1)),
    ],
    ids=[
        "constant",
        "zero",
        "one token",
        "one dimension",
        "two dimensions",
        "two tokens",
        "one place",
        "duplicates",
    ],
)
def test_degenerate_states_have_a_defined_picture(states: NDArray[np.float64]) -> None:
    steps = [states.astype(np.float32), 2 * states.astype(np.float32)]
    positions = shown(steps)
    assert positions.shape == (2, *states.shape[:2], 3)
    assert np.isfinite(positions).all()
    for step, clouds in zip(steps, positions, strict=True):
        for site, points in zip(step, clouds, strict=True):
            wide = distances(site)
            if np.linalg.matrix_rank(site - site.mean(axis=0), tol=1e-5) <= 3:
                np.testing.assert_allclose(distances(points), wide, atol=1e-5)
            assert (distances(points) <= wide + 1e-5).all()


def test_a_place_depends_on_its_state_alone() -> None:
    states, matrix, offset = (
        grid(1, 1, n=97, d=37)[0][0],
        RNG(2).normal(size=(3, 37)).astype(np.float32),
        np.ones(3, np.float32),
    )
    together = mapped(states, matrix, offset)
    for n in (0, 5, 96):
        assert mapped(states[n : n + 1], matrix, offset).tobytes() == together[n : n + 1].tobytes()
    assert mapped(states[40:], matrix, offset).tobytes() == together[40:].tobytes()
    np.testing.assert_allclose(together, states @ matrix.T + 1, rtol=1e-4, atol=1e-4)


def test_as_half_numbers_the_picture_stays_centred_and_true_to_a_thousandth() -> None:
    states = [step + 100 for step in grid(2, 3, d=64)]
    pca = AlignedPCA()
    for step in states:
        pca.add(step)
    matrix, offset = pca.maps(np.float16)
    assert matrix.dtype == np.float16
    for at, step in enumerate(states):
        for site, each in enumerate(step):
            points = mapped(each, matrix[at, site].astype(np.float32), offset[at, site])
            assert np.abs(points.mean(axis=0)).max() < 1e-3 * points.std()
            plain = principal(each)
            assert (
                np.abs(distances(points) - distances((each - plain.center) @ plain.axes.T)).max()
                < 2e-3 * points.std()
            )


def test_a_basis_with_a_known_circle_gives_the_circle(tmp_path: Path) -> None:
    angle = 2 * np.pi * np.arange(53) / 53
    plane = rotation(32, 5)[:3]
    states = (
        np.cos(angle)[:, None] * plane[0] + np.sin(angle)[:, None] * plane[1] + 4 * plane[2] + 0.5
    ).astype(np.float32)
    write_basis(tmp_path, "fourier", plane, -plane @ np.full(32, 0.5), **WORDS)  # type: ignore[arg-type]
    found = read_projection(path_of(tmp_path, "fourier"))
    assert found.matrix.shape == (1, 1, 3, 32)
    for step in (0, 7):
        points = found.place(np.stack([states, states]), step)
        np.testing.assert_allclose(
            points[0], np.stack([np.cos(angle), np.sin(angle), np.full(53, 4.0)], axis=1), atol=1e-5
        )
        assert np.array_equal(points[0], points[1])
    assert (found.card["title_zh"], found.card["kind"], found.card["axes_en"]) == (
        "圆",
        "basis",
        ["cos", "sin", "none"],
    )


def test_a_basis_may_differ_from_site_to_site(tmp_path: Path) -> None:
    matrix = RNG(0).normal(size=(4, 3, 8))
    write_basis(tmp_path, "probe", matrix, np.arange(12.0).reshape(4, 3), **WORDS)  # type: ignore[arg-type]
    found = read_projection(path_of(tmp_path, "probe"))
    assert (found.matrix.shape, found.offset.shape) == ((1, 4, 3, 8), (1, 4, 3))
    states = RNG(1).normal(size=(4, 6, 8)).astype(np.float32)
    wanted = np.einsum("skd,snd->snk", matrix, states) + np.arange(12.0).reshape(4, 1, 3)
    np.testing.assert_allclose(found.place(states, 2), wanted, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("umap", {}),
        ("../out", {}),
        ("Circle", {}),
        ("", {}),
        ("flat", {"matrix": np.ones((2, 8))}),
        ("flat", {"matrix": np.ones(8)}),
        ("flat", {"matrix": np.full((3, 8), np.nan)}),
        ("flat", {"offset": np.ones((2, 3))}),
        ("flat", {"offset": [np.inf, 0, 0]}),
        ("flat", {"axes": (["x", "y"], ["x", "y", "z"])}),
        ("flat", {"titles": ("Circle", None)}),
    ],
)
def test_what_is_no_basis_is_refused(tmp_path: Path, name: str, change: dict[str, object]) -> None:
    given: dict[str, Any] = {"matrix": np.ones((3, 8)), **WORDS, **change}
    with pytest.raises(InputError, match=r"basis|projection"):
        write_basis(tmp_path, name, **given)
    assert not list(tmp_path.rglob("*.safetensors"))
