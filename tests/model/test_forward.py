"""The one pass: nothing asked changes nothing, every tensor is the model's own, and an edit changes
what it names and no more."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from layerfold.errors import InputError, NotSupported
from layerfold.model.adapter import Weightless
from layerfold.model.edits import Add, Edit, ProjectOut, Replace, Scale, TapHook
from layerfold.model.forward import network_of, run
from layerfold.model.gpt import attend
from layerfold.model.gpt_adapter import GPTAdapter
from layerfold.model.taps import IN_LAYER, names_of, own_name
from tests.interp.test_decomposition import CONFIG, IDS, SHAPES, a_model

BY_SHAPE = pytest.mark.parametrize(
    "config", SHAPES, ids=lambda c: f"{c.norm}-{c.bias}-{c.tied}-{c.activation}-{c.positions}"
)
SITES = ("embed", "L0.mid", "L0.post", "L1.mid", "L1.post", "L2.mid", "L2.post")


def plain(model) -> tuple[torch.Tensor, torch.Tensor]:
    """States and logits without any tap."""
    with torch.inference_mode():
        return model.sites(torch.tensor([IDS])), model(torch.tensor([IDS]))


@BY_SHAPE
def test_with_every_tap_and_no_edit_each_bit_is_that_of_the_plain_pass(config) -> None:
    model = a_model(config)
    states, logits = plain(model)
    everything = run(model, IDS, taps=("*",))
    assert torch.equal(everything.logits, logits)
    assert torch.equal(torch.stack([everything[site] for site in SITES]), states)
    assert tuple(everything.tensors) == names_of(3)
    ones = [Edit(name, Scale(1.0)) for name in names_of(3)]
    assert torch.equal(run(model, IDS, edits=ones).logits, logits)


@BY_SHAPE
def test_the_tensors_are_what_the_next_are_made_of(config) -> None:
    model = a_model(config)
    found = run(GPTAdapter(model), IDS, taps=("*",))
    for n, block in enumerate(model.blocks):
        stream = found[f"L{n - 1}.post"] if n else found["embed"]
        assert torch.allclose(
            found[f"L{n}.attn.pattern"] @ found[f"L{n}.attn.v"], found[f"L{n}.attn.z"], atol=1e-5
        )
        assert found.logits is not None
        with torch.inference_mode():
            assert torch.equal(
                attend(*(found[f"L{n}.attn.{part}"] for part in "qkv")), found[f"L{n}.attn.z"]
            )
            assert torch.allclose(
                block.mlp.out(found[f"L{n}.mlp.act"]), found[f"L{n}.mlp.out"], atol=1e-6
            )
            assert torch.allclose(found["final"] @ model.unembedding.T, found.logits, atol=1e-4)
        assert torch.equal(stream, found[f"L{n}.skip"])
        assert torch.equal(stream + found[f"L{n}.attn.out"], found[f"L{n}.mid"])
        assert torch.equal(found[f"L{n}.mid"] + found[f"L{n}.mlp.out"], found[f"L{n}.post"])


def test_edits_are_made_where_they_say_and_what_comes_before_stays() -> None:
    model = a_model(CONFIG)
    before = run(model, IDS, taps=("*",))
    value = torch.randn(32, generator=torch.Generator().manual_seed(0))
    for change, wanted in (
        (Scale(0.5), before["L1.mid"] * 0.5),
        (Replace(value), value.expand_as(before["L1.mid"])),
        (Add(value), before["L1.mid"] + value),
        (
            ProjectOut(value),
            before["L1.mid"] - (before["L1.mid"] @ value)[..., None] * value / value.dot(value),
        ),
    ):
        after = run(model, IDS, taps=("*",), edits=[Edit("L1.mid", change)])
        assert torch.allclose(after["L1.mid"], wanted, atol=1e-5)
        assert torch.equal(after["L0.post"], before["L0.post"])
        assert torch.allclose(after["L1.post"], wanted + after["L1.mlp.out"], atol=1e-5)
        one = run(model, IDS, taps=("*",), edits=[Edit("L1.mid", change, tokens=(4, 7))])
        assert torch.allclose(one["L1.mid"][:, [4, 7]], wanted[:, [4, 7]], atol=1e-5)
        assert torch.equal(
            one["L1.mid"][:, [0, 1, 2, 3, 5, 6, 8, 9]],
            before["L1.mid"][:, [0, 1, 2, 3, 5, 6, 8, 9]],
        )


@pytest.mark.parametrize("part", ["q", "k", "v", "z", "pattern"])
def test_a_head_is_edited_alone(part: str) -> None:
    model = a_model(CONFIG)
    name = f"L1.attn.{part}"
    before = run(model, IDS, taps=("*",))
    after = run(model, IDS, taps=("*",), edits=[Edit(name, Scale(0.0), heads=(2,), tokens=(3,))])
    changed = (after[name] != before[name]).nonzero()
    assert set(changed[:, 1].tolist()) == {2}
    assert set(changed[:, 2].tolist()) == {3}
    others = [0, 1, 3]
    assert torch.allclose(after["L1.attn.z"][:, others], before["L1.attn.z"][:, others], atol=1e-6)
    assert not torch.equal(after["L1.attn.out"], before["L1.attn.out"])


def test_an_edited_pattern_is_what_is_gathered_by() -> None:
    model = a_model(CONFIG)
    even = torch.ones(10, 10).tril() / torch.arange(1, 11)[:, None]
    found = run(
        model, IDS, taps=("L0.attn.v", "L0.attn.z"), edits=[Edit("L0.attn.pattern", Replace(even))]
    )
    means = found["L0.attn.v"].cumsum(dim=2) / torch.arange(1, 11)[:, None]
    assert torch.allclose(found["L0.attn.z"], means, atol=1e-5)


def test_edits_of_one_place_follow_each_other() -> None:
    model = a_model(CONFIG)
    edits = [Edit("L0.post", Scale(0.0)), Edit("L0.post", Add(torch.ones(32)))]
    assert torch.equal(
        run(model, IDS, taps=("L0.post",), edits=edits)["L0.post"], torch.ones(1, 10, 32)
    )


def test_directions_are_taken_out_however_long_and_however_many() -> None:
    directions = torch.tensor([[3.0, 0, 0, 0], [1.0, 2, 0, 0], [2.0, 4, 0, 0]])
    assert torch.allclose(
        ProjectOut(directions)(torch.arange(4.0)[None]), torch.tensor([[0.0, 0, 2, 3]]), atol=1e-6
    )


def test_gradients_are_autograds() -> None:
    model = a_model(CONFIG)
    found = run(model, IDS, taps=("L1.mid", "L0.attn.pattern"), gradients=True)
    assert found.logits is not None
    with torch.enable_grad():
        (mid, pattern) = torch.autograd.grad(
            found.logits[0, 5, 3], [found["L1.mid"], found["L0.attn.pattern"]]
        )
    size = 1e-3
    for name, grad in (("L1.mid", mid), ("L0.attn.pattern", pattern)):
        step = size * grad / grad.norm()
        low, high = (
            run(model, IDS, taps=("logits",), edits=[Edit(name, Add(sign * step))])["logits"][
                0, 5, 3
            ]
            for sign in (-1, 1)
        )
        assert float(high - low) / (2 * size) == pytest.approx(float(grad.norm()), rel=1e-2)


def test_names_of_transformer_lens_are_known() -> None:
    assert own_name("blocks.3.hook_resid_mid") == "L3.mid"
    assert own_name("blocks.0.hook_resid_pre") == "embed"
    assert own_name("blocks.3.hook_resid_pre") == "L2.post"
    assert own_name("blocks.11.attn.hook_pattern") == "L11.attn.pattern"
    lens = [
        *(
            "hook_embed",
            "blocks.1.attn.hook_q",
            "blocks.1.attn.hook_k",
            "blocks.1.attn.hook_v",
            "blocks.1.attn.hook_pattern",
        ),
        *(
            "blocks.1.attn.hook_z",
            "blocks.1.hook_attn_out",
            "blocks.1.hook_resid_mid",
            "blocks.1.mlp.hook_post",
        ),
        *("blocks.1.hook_mlp_out", "blocks.1.hook_resid_post", "ln_final.hook_normalized"),
    ]
    assert {own_name(name) for name in lens} == {
        "embed",
        "final",
        *(f"L1.{part}" for part in IN_LAYER if part != "skip"),
    }
    model = a_model(CONFIG)
    found = run(model, IDS, taps=lens)
    assert torch.equal(
        found["blocks.1.hook_resid_mid"], run(model, IDS, taps=("L1.mid",))["L1.mid"]
    )


def test_windows_are_read_side_by_side_and_a_cache_goes_on() -> None:
    model = a_model(CONFIG)
    network = network_of(model)
    both = run(model, np.array([IDS, IDS[::-1]]), taps=("L2.post",))
    assert torch.allclose(
        both["L2.post"][1], run(model, IDS[::-1], taps=("L2.post",))["L2.post"][0], atol=1e-6
    )
    cache = network.cache()
    parts = [
        run(network, ids, taps=("L2.post", "L2.attn.pattern"), cache=cache)
        for ids in (IDS[:4], IDS[4:])
    ]
    assert torch.allclose(
        torch.cat([one["L2.post"] for one in parts], dim=1)[0], both["L2.post"][0], atol=1e-4
    )
    whole = run(model, IDS, taps=("L2.attn.pattern",))["L2.attn.pattern"]
    assert torch.allclose(parts[1]["L2.attn.pattern"], whole[:, :, 4:], atol=1e-5)


@pytest.mark.parametrize(
    ("taps", "edits", "words"),
    [
        (("L3.mid",), (), "no tap 'L3.mid' in this model: choose among embed, L0.attn.q"),
        (("blocks.0.hook_nothing",), (), "no tap 'blocks.0.hook_nothing'"),
        ((), (Edit("L9.mid", Scale(0)),), "no tap 'L9.mid'"),
        ((), (Edit("L*.mid", Scale(0)),), "names one tap"),
        ((), (Edit("L0.mid", Scale(0), heads=(0,)),), "L0.mid has no heads"),
        ((), (Edit("L0.attn.z", Scale(0), heads=(4,)),), "no head 4: there are 4"),
        ((), (Edit("L0.mid", Scale(0), tokens=(10,)),), "no token 10: there are 10"),
    ],
)
def test_what_is_not_there_is_named(taps, edits, words: str) -> None:
    with pytest.raises(InputError, match=words):
        run(a_model(CONFIG), IDS, taps=taps, edits=edits)


def test_nothing_is_scaled_by_what_is_no_number() -> None:
    with pytest.raises(InputError, match="scaled by nan"):
        Scale(float("nan"))


def test_what_holds_no_weights_says_so() -> None:
    with pytest.raises(NotSupported, match="only states can be read"):
        run(Weightless((), 4, 4, 4), [1, 2])


def test_a_hook_that_wants_nothing_gives_back_what_it_is_given() -> None:
    hook, x = TapHook(), torch.ones(1, 2, 3)
    assert hook("embed", x) is x
    assert hook.kept == {}
