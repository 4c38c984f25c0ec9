"""How the loss of one next token would change with the states: ∂L/∂h at two sites, no weight's
gradient computed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

from layerfold.errors import NoWeights
from layerfold.interp.gradients import Objective, loss_of
from layerfold.model.forward import array, network_of, run
from layerfold.records import Floats

if TYPE_CHECKING:
    from layerfold.model.adapter import Adapter


@torch.inference_mode(False)
def loss_gradients(adapter: Adapter, ids: Sequence[int], target: int, site: int) -> Floats:
    """∂L/∂h [2, token, d] at embed and at a site, of the loss of ``target`` after the last token.

    Raises NoWeights without an unembedding, NotSupported where only states are there.
    """
    network = network_of(adapter)
    names = ("embed", adapter.sites[site].name)
    found = run(network, ids, taps=names, gradients=True)
    if found.logits is None:
        raise NoWeights("This model has no unembedding, so there is no loss to lower or raise.")
    window = torch.tensor(list(ids), device=found.logits.device)
    loss = loss_of(found.logits[0].float(), window, Objective(len(ids) - 1, target))
    with torch.enable_grad():
        grads = torch.autograd.grad(loss, [found[name] for name in names])
    return np.stack([array(one[0]) for one in grads])
