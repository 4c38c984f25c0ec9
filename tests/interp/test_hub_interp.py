"""Every family of Hugging Face behind the one pass: its bytes, its parts, its patterns, its
gradients, its Jacobians, its next tokens."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
import torch

from layerfold.errors import InputError, NotSupported
from layerfold.interp.ablation import Scaling, ablate
from layerfold.interp.attention import attention, patterns
from layerfold.interp.decomposition import before, decompose, direct_logit_attribution
from layerfold.interp.generation import Generation, Sampling, generate
from layerfold.interp.gradients import Objective, first_order, gradients, loss_of
from layerfold.interp.jacobian import jacobian, singular_values, site_maps
from layerfold.model.edits import Add, Edit, Replace, Scale
from layerfold.model.forward import network_of, run
from tests.interp.hub_networks import (
    ALL,
    CLOSED,
    DECODERS,
    ENCODERS,
    IDS,
    OPEN,
    WITHOUT,
    adapter_of,
)

WITH_PARTS = tuple(kind for kind in ALL if kind not in CLOSED)
LINEAR = tuple(kind for kind in DECODERS if kind not in CLOSED)


def plain(kind: str) -> tuple[np.ndarray, torch.Tensor]:
    """The states [site, token, d] and logits [token, vocab] of transformers' own pass, nothing
    looked at."""
    adapter = adapter_of(kind)
    with torch.inference_mode():
        logits = adapter.network(input_ids=torch.tensor([IDS])).logits[0]
    return adapter.states(IDS).values, logits


@pytest.mark.parametrize("kind", ALL)
def test_without_an_edit_each_bit_is_that_of_the_plain_pass(kind: str) -> None:
    network = network_of(adapter_of(kind))
    states, logits = plain(kind)
    found = run(network, IDS, taps=("*",), edits=[Edit(name, Scale(1.0)) for name in network.taps])
    assert (
        torch.stack([found[site] for site in network.sites])[:, 0].numpy().tobytes()
        == states.tobytes()
    )
    assert torch.equal(found["logits"][0], logits)


@pytest.mark.parametrize("kind", WITH_PARTS)
def test_the_parts_sum_to_the_move(kind: str) -> None:
    network = network_of(adapter_of(kind))
    found = decompose(network, IDS)
    assert (found.patterns is None) == (kind == "falcon")
    for n in range(network.n_layer):
        start, end = (
            network.sites.index(site) for site in (before(network, n, "attn"), f"L{n}.post")
        )
        move = found.states[end] - found.states[start]
        assert np.abs(found.attention[n] + found.mlps[n] - move).max() < 1e-4 * np.abs(move).max()
        if f"L{n}.mid" in network.sites:
            move = found.states[start + 1] - found.states[start]
            assert (
                np.abs(found.heads[n].sum(axis=0) + found.attention_rest[n] - move).max()
                < 1e-4 * np.abs(move).max()
            )


@pytest.mark.parametrize("kind", [kind for kind in ALL if kind not in ("falcon", "mamba")])
def test_patterns_are_those_that_transformers_gives(kind: str) -> None:
    adapter = adapter_of(kind)
    found = patterns(adapter, IDS)[:, 0]
    again = adapter_of.__wrapped__(kind).network  # one that nobody has looked into
    again.set_attn_implementation("eager")
    with torch.inference_mode():
        told = again(input_ids=torch.tensor([IDS]), output_attentions=True).attentions
    assert np.abs(found - torch.stack(told)[:, 0].numpy()).max() < 1e-5
    one = attention(adapter, IDS, 1)
    assert np.array_equal(one.patterns, found[1])
    if kind not in WITHOUT:
        values = run(adapter, IDS, taps=("L1.attn.v",))["L1.attn.v"][0].numpy()
        assert np.allclose(
            one.patterns @ values.repeat(len(one.patterns) // len(values), axis=0), one.z, atol=1e-5
        )


@pytest.mark.parametrize("kind", LINEAR)
def test_direct_logits_of_the_parts_sum_to_the_logits(kind: str) -> None:
    found = direct_logit_attribution(adapter_of(kind), IDS, 5)
    whole = [n for n, part in enumerate(found.parts) if part.kind != "head"]
    told, true = found.logits[whole].sum(axis=0) + found.bias, plain(kind)[1][5].numpy()
    if cap := getattr(adapter_of(kind).network.config, "final_logit_softcapping", None):
        told = cap * np.tanh(told / cap)
    assert np.abs(told - true).max() < 1e-4 * np.abs(true).max()


@pytest.mark.parametrize("kind", WITH_PARTS)
def test_scaled_parts_are_gone_or_twice_what_they_were(kind: str) -> None:
    network = network_of(adapter_of(kind))
    states, _ = plain(kind)
    ones = Scaling({0: 1.0}, {1: 1.0}, {(0, 3): 1.0}, {2: 1.0})
    assert ablate(network, IDS, ones).states.tobytes() == states.tobytes()
    found = run(network, IDS, taps=("*",))
    out = {part: found[f"L1.{part}"][0].numpy() for part in ("attn.out", "mlp.out")}
    start, end = network.sites.index(before(network, 1, "attn")), network.sites.index("L1.post")
    block = network.blocks[1]
    attn, mlp, gone = (
        ablate(network, IDS, scaling).states
        for scaling in (
            Scaling(attention={1: 0.0}),
            Scaling(mlp={1: 0.0}),
            Scaling(residual={1: 0.0}),
        )
    )
    assert np.array_equal(mlp[:end], states[:end])
    if block.residual == "normed sum":
        sums = [
            (attn[start + 1], block.norm_attention, states[start]),
            (mlp[end], block.norm_mlp, states[start + 1]),
        ]
        sums.append((gone[start + 1], block.norm_attention, out["attn.out"]))
        for scaled, norm, left in sums:
            with torch.inference_mode():
                assert np.allclose(scaled, norm(torch.from_numpy(left)).numpy(), atol=1e-5)
    elif "L1.mid" in network.sites:
        assert np.allclose(attn[start + 1], states[start], atol=1e-6)
        assert np.allclose(mlp[end], states[start + 1], atol=1e-6)
        assert np.allclose(gone[start + 1], out["attn.out"], atol=1e-5)
    else:
        assert np.allclose(attn[end], states[start] + out["mlp.out"], atol=1e-5)
        assert np.allclose(mlp[end], states[start] + out["attn.out"], atol=1e-5)
        assert np.allclose(gone[end], out["attn.out"] + out["mlp.out"], atol=1e-5)


@pytest.mark.parametrize("kind", WITH_PARTS)
def test_a_head_at_nought_takes_its_part_away(kind: str) -> None:
    network = network_of(adapter_of(kind))
    if network.blocks[1].residual != "plain":
        part = run(
            network, IDS, taps=("L1.attn.out",), edits=[Edit("L1.attn.z", Scale(0.0), heads=(2,))]
        )["L1.attn.out"]
        assert not torch.allclose(
            part, run(network, IDS, taps=("L1.attn.out",))["L1.attn.out"], atol=1e-4
        )
        return
    parts = decompose(network, IDS)
    found = run(
        network, IDS, taps=("L1.attn.out",), edits=[Edit("L1.attn.z", Scale(0.0), heads=(2,))]
    )["L1.attn.out"][0]
    assert np.allclose(found.numpy(), parts.attention[1] - parts.heads[1, 2], atol=1e-5)


@pytest.mark.parametrize("kind", ALL)
def test_a_state_that_is_replaced_is_what_goes_on(kind: str) -> None:
    network = network_of(adapter_of(kind))
    states = plain(kind)[0]
    for at, site in list(enumerate(network.sites))[1:]:
        there = torch.from_numpy(states[at : at + 1])
        again = run(network, IDS, taps=network.sites, edits=[Edit(site, Replace(there))])
        assert torch.allclose(again[network.sites[-1]][0], torch.from_numpy(states[-1]), atol=1e-5)
        other = run(
            network,
            IDS,
            taps=network.sites,
            edits=[Edit(site, Add(torch.ones(states.shape[-1])), tokens=(4,))],
        )
        assert torch.allclose(other[site][0, 4], there[0, 4] + 1, atol=1e-5)
        if site.endswith("mid"):  # what goes past the MLP is changed as well as what the MLP reads
            mlp = run(
                network,
                IDS,
                taps=(f"{site[:-3]}mlp.out",),
                edits=[Edit(site, Add(torch.ones(states.shape[-1])), tokens=(4,))],
            )
            block = network.blocks[int(site[1 : site.index(".")])]
            added = other[site] + mlp[f"{site[:-3]}mlp.out"]
            with torch.inference_mode():
                after = block.norm_mlp(added) if block.residual == "normed sum" else added
            assert torch.allclose(other[f"{site[:-3]}post"], after, atol=1e-5)


@pytest.mark.parametrize("kind", ALL)
def test_gradients_are_autograds_and_none_is_kept(kind: str) -> None:
    adapter = adapter_of(kind)
    objective = Objective() if adapter.causal else Objective(3, 17)
    found = gradients(adapter, IDS, objective)
    window, weights = torch.tensor([IDS]), [*adapter.network.parameters()]
    with torch.enable_grad():
        loss = loss_of(adapter.network(input_ids=window).logits[0], window[0], objective)
        grads = torch.autograd.grad(loss, weights, allow_unused=True)
    assert found.loss == pytest.approx(float(loss.detach()), rel=1e-5)
    total = sum(float((grad**2).sum()) for grad in grads if grad is not None)
    assert np.square(found.layers).sum() + sum(
        value**2 for value in found.outside.values()
    ) == pytest.approx(total, rel=1e-4)
    assert all(weight.grad is None for weight in weights)
    assert first_order(adapter, IDS, found, len(found.states) // 2, tries=6) > 0.99
    by_name = {
        name: grad
        for (name, _), grad in zip(adapter.network.named_parameters(), grads, strict=True)
    }
    names = {id(module): name for name, module in adapter.network.named_modules()}
    for n, block in enumerate(adapter.structure.blocks):
        if block.o_proj is not None and kind != "albert":
            own = [by_name.get(f"{names[id(block.o_proj)]}.{part}") for part in ("weight", "bias")]
            size = sum(float((grad**2).sum()) for grad in own if grad is not None) ** 0.5
            assert found.layers[n, found.groups.index("W_O")] == pytest.approx(size, rel=1e-4)


@pytest.mark.parametrize("kind", ["gpt2", "pythia", "phi3"])
def test_a_joint_matrix_is_parted_as_the_model_parts_it(kind: str) -> None:
    """GPT-2's parts stand in a row, GPT-NeoX's head by head, Phi-3's in a row with fewer keys than
    queries."""
    network = network_of(adapter_of(kind))
    rows = {group: set(where.tolist()) for group, where in network.joint.items()}
    width, few = 48, 24 if kind == "phi3" else 48
    if kind == "pythia":
        wanted = {
            f"W_{part}": {h * 36 + n * 12 + k for h in range(4) for k in range(12)}
            for n, part in enumerate("QKV")
        }
    else:
        ends = np.cumsum([0, width, few, few]) if kind == "phi3" else np.arange(4) * 48
        wanted = {f"W_{part}": set(range(ends[n], ends[n + 1])) for n, part in enumerate("QKV")}
    assert rows == wanted


@pytest.mark.parametrize("kind", OPEN)
def test_a_tokens_map_has_the_jacobian_of_the_whole_pass(kind: str) -> None:
    network = network_of(adapter_of(kind))
    token = 6
    for n, (forward, state) in enumerate(site_maps(network, IDS, token)):
        if n not in (0, 3, len(network.sites) - 2):
            continue
        here, there = network.sites[n], network.sites[n + 1]
        found = run(network, IDS, taps=(here, there), gradients=True)
        assert torch.allclose(state, found[here][0, token], atol=1e-6)
        matrix = jacobian(forward, state)
        for row in (0, 13, 47):
            with torch.enable_grad():
                (true,) = torch.autograd.grad(
                    found[there][0, token, row], found[here], retain_graph=True
                )
            assert torch.allclose(matrix[row], true[0, token], atol=1e-4 * float(true.abs().max()))
    assert singular_values(network, IDS, token, 0, 3) == pytest.approx(
        singular_values(network, IDS, token, 0)[:3], rel=1e-4
    )


@pytest.mark.parametrize("kind", [kind for kind in DECODERS if kind not in CLOSED])
def test_generation_with_kept_keys_is_generation_without(kind: str) -> None:
    adapter = adapter_of(kind)
    text, ids = Generation(adapter, IDS[:3]), list(IDS[:3])
    ahead = text.peek([7, 9])
    for new in generate(text, 6, Sampling(temperature=0), np.random.default_rng(0)):
        true = adapter.states(ids).values
        assert new.id == int(adapter.unembed(true[-1, -1]).argmax())
        ids.append(new.id)
        assert (
            np.abs(new.states - adapter.states(ids).values[:, -1]).max() < 1e-4 * np.abs(true).max()
        )
    other = Generation(adapter, IDS[:3])
    assert np.abs(other.append(9) - ahead[:, 1]).max() < 1e-4 * np.abs(ahead).max()


def test_what_a_model_cannot_give_is_named() -> None:
    for kind, ask, words in (
        (
            "pythia",
            lambda m: run(m, IDS, taps=("L0.mid",)),
            "attention and MLP read the same state",
        ),
        ("falcon", lambda m: patterns(m, IDS), "transformers lets it be read"),
        (
            "bloom",
            lambda m: run(m, IDS, edits=[Edit("L0.attn.pattern", Scale(0.5))]),
            "can be read and not changed",
        ),
        ("bloom", lambda m: run(m, IDS, taps=("L1.attn.q",)), "transformers lets it be read"),
        ("mamba", lambda m: decompose(m, IDS), "no attention was found"),
        ("mamba", lambda m: Generation(m, IDS), "more of a text than keys and values"),
        ("mixtral", lambda m: run(m, IDS, taps=("L*.mlp.act",)), "mixture of experts"),
        ("bert", lambda m: Generation(m, IDS), "from both sides"),
        ("bert", lambda m: direct_logit_attribution(m, IDS, 3), "more than a norm and a matrix"),
        ("falcon", lambda m: site_maps(m, IDS, 3), "transformers lets it be read"),
    ):
        with pytest.raises(NotSupported, match=words):
            ask(adapter_of(kind))
    with pytest.raises(InputError, match="predicts no next token"):
        gradients(adapter_of("roberta"), IDS)


def test_a_model_that_was_looked_into_goes_when_it_is_let_go() -> None:
    adapter = adapter_of.__wrapped__("llama")
    decompose(adapter, IDS)
    gradients(adapter, IDS)
    site_maps(adapter, IDS, 3)
    gc.collect()
    gone = weakref.ref(adapter.network)
    gc.disable()
    try:
        del adapter
        assert gone() is None
    finally:
        gc.enable()


def test_encoders_are_tested_too() -> None:
    assert set(ENCODERS) <= set(OPEN)
