"""Places as crowded as the states are: an option of the layout.

UMAP gives every neighborhood about the same room, however far apart its states lie, so that its
pictures show no density. densMAP (Narayan, Berger and Cho 2021, doi:10.1038/s41587-020-00801-7)
adds a term for it to the descent, which costs neighbors. Here the finished picture is stretched:
the way from a point to each of its nearest is made longer or shorter by one factor, its local
radius's error, and the places are those whose differences are nearest to these ways in the sense of
least squares (as in the gradient-domain editing of meshes, Yu et al. 2004). A region whose points
agree on a factor is scaled as a whole, so that who is near whom hardly changes.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from layerfold.records import Floats

ROUNDS: Final = 12
MOST: Final = 0.5  # of a radius's error, as a logarithm, a round
LEAST: Final = 1e-3  # of the median: states that are one have no radius of their own
HELD: Final = 1e-4  # how firmly places are held where they were: islands stay in the middle
EXACT: Final = 1e-3  # residual of the least squares
STEPS: Final = 200  # of the conjugate gradients, at most

Doubles = NDArray[np.float64]


def as_crowded(positions: Floats, radii: Floats, k: int) -> Floats:
    """The places [ref, 3], stretched until the local radius of each, the mean distance to its ``k``
    nearest in the picture, is in proportion to its state's, ``radii`` [ref].

    The radii's geometric mean stays as it was. The same input gives the same bytes.
    """
    from scipy.spatial import cKDTree  # late: serving does not need it

    places = positions.astype(np.float64)
    wanted = _logarithm(radii)
    for _ in range(ROUNDS):
        near = cKDTree(places).query(places, min(k, len(places) - 1) + 1)[1][:, 1:]
        ways = places[:, None] - places[near]
        here = _logarithm(np.sqrt(np.square(ways).sum(axis=2)).mean(axis=1))
        short = np.clip(wanted - wanted.mean() - here + here.mean(), -MOST, MOST)
        places = _placed(places, near, ways * np.exp((short[:, None] + short[near]) / 2)[..., None])
    return places.astype(np.float32)


def _logarithm(radii: Floats | Doubles) -> Doubles:
    """ln r, with a floor for radii of nothing."""
    known = radii[radii > 0]
    least = LEAST * float(np.median(known)) if len(known) else 1.0
    return np.log(np.maximum(radii, least).astype(np.float64))


def _placed(places: Doubles, near: NDArray[np.int64], ways: Doubles) -> Doubles:
    """The places whose differences from their ``near`` [ref, k] are nearest to ``ways`` [ref, k,
    3], held a little where they are.
    """
    from scipy.sparse import csr_matrix, diags
    from scipy.sparse.linalg import cg

    count, k = near.shape
    one, other = np.repeat(np.arange(count), k), near.ravel()
    edges = csr_matrix((np.ones(len(one)), (one, other)), shape=(count, count))
    edges = edges + edges.T
    degree = np.asarray(edges.sum(axis=1)).ravel()
    laplacian = diags(degree * (1 + HELD)) - edges
    inverse = diags(1 / (degree * (1 + HELD)))
    found = np.empty_like(places)
    for axis in range(3):
        way = ways[..., axis].ravel()
        flow = HELD * degree * places[:, axis]
        np.add.at(flow, one, way)
        np.add.at(flow, other, -way)
        found[:, axis], _ = cg(
            laplacian, flow, x0=places[:, axis], rtol=EXACT, maxiter=STEPS, M=inverse
        )
    return found
