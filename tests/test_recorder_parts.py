"""Recording models whose parts are wrapped, compiled, shared or adapted; and weights that are
kept only if they open again."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from layerfold.errors import InputError
from layerfold.model.tokenizers.byte_level import Tokenizer
from layerfold.recording.isolation import plain_weights
from layerfold.recording.recorder import Recorder
from layerfold.runs.opening import open_run
from layerfold.runs.run import Run
from tests.loops import WORDS, plain, recorder, states_of, windows
from tests.small import TEXTS, a_model

transformers = pytest.importorskip("transformers")


class Shared(nn.Module):
    """One block, run three times."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.embed, self.block = nn.Embedding(WORDS, 16), nn.Linear(16, 16)

    def forward(self, ids: Tensor) -> Tensor:
        x = self.embed(ids)
        for _ in range(3):
            x = x + self.block(x)
            x = x / x.norm(dim=-1, keepdim=True)
        return x


def recorded(folder: Path, model: Any, texts: Any, **options: Any) -> Run:
    with Recorder(folder, texts, **options) as one:
        one.log(model, 0)
    return open_run(folder)


# ---- a module that runs several times


def test_a_module_that_runs_several_times_gives_a_state_a_call(tmp_path: Path) -> None:
    model = Shared()
    sites = {"embed": "input:block#1", "L0.post": "input:block#2", "L1.post": "input:block#3"}
    run = recorded(tmp_path, model, windows(), sites=sites)
    reference = run.reference()
    x = model.embed(torch.from_numpy(reference.windows.astype(np.int64)))
    for site in range(3):
        wanted = x.detach().numpy()[reference.window, reference.position]
        np.testing.assert_allclose(states_of(run, 0)[site], wanted, rtol=2e-3, atol=2e-3)
        x = x + model.block(x)
        x = x / x.norm(dim=-1, keepdim=True)


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("block", "ran 3 times in one pass: write which"),
        (lambda model: model.block, "ran 3 times in one pass"),
        ("block#4", "ran 3 times in one pass, and #4 was asked for"),
        ("block#x", "after # stands which call"),
        ("block#0", "after # stands which call"),
    ],
)
def test_a_call_that_is_not_said_or_not_there_is_an_error(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, place: Any, words: str
) -> None:
    with caplog.at_level(logging.ERROR):
        one = recorder(tmp_path, sites={"embed": "embed", "L0.post": place})
        one.log(Shared(), 0)
    assert words in caplog.text
    assert one.steps == ()


# ---- weights


def compiled(part: nn.Module) -> nn.Module:
    made: nn.Module = torch.compile(part, backend="eager")  # type: ignore[assignment]
    return made


@pytest.mark.parametrize("wrap", [compiled, nn.DataParallel])
def test_weights_of_wrapped_parts_open_again(tmp_path: Path, wrap: Any) -> None:
    model = a_model(0)
    names = set(model.state_dict())
    model.blocks[1] = wrap(model.blocks[1])
    assert set(model.state_dict()) != names
    assert set(plain_weights(model)) == names
    run = recorded(
        tmp_path, model, list(TEXTS), tokenizer=Tokenizer.train(TEXTS, 300), weights=True
    )
    window = run.reference().windows[0]
    position = int(run.reference().position[0])
    found = run.adapter(0).states(window[window >= 0].tolist()).values[:, position]
    np.testing.assert_allclose(found, states_of(run, 0)[:, 0], rtol=0.02, atol=0.02)


def a_llama(**changed: Any) -> Any:
    torch.manual_seed(0)
    shape = {
        "vocab_size": WORDS,
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
    }
    model = transformers.LlamaForCausalLM(transformers.LlamaConfig(**shape, **changed)).eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(torch.randn_like(weight) * 0.2)
    return model


def test_weights_of_a_hugging_face_model_with_compiled_layers_open_again(tmp_path: Path) -> None:
    model = a_llama()
    model.model.layers[0] = compiled(model.model.layers[0])
    run = recorded(tmp_path, model, windows(), weights=True)
    window, position = run.reference().windows[0], run.reference().position[0]
    found = run.adapter(0).states(window.tolist()).values[:, position]
    np.testing.assert_allclose(found, states_of(run, 0)[:, 0], rtol=5e-3, atol=5e-3)


class Doubled(nn.Module):
    """A part of a person's own, in the place of one of the model's."""

    def __init__(self, part: nn.Module) -> None:
        super().__init__()
        self.part = part

    def forward(self, *given: Any, **named: Any) -> Any:
        return 2 * self.part(*given, **named)


class Scaled(nn.Linear):
    """A linear map whose weights mean something else."""

    def forward(self, x: Tensor) -> Tensor:
        return 3 * super().forward(x)


@pytest.mark.parametrize("changed", [Doubled, "scaled"])
def test_weights_that_would_open_as_another_model_are_refused_at_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, changed: Any
) -> None:
    model = a_llama()
    mlp = model.model.layers[1].mlp
    if changed is Doubled:
        model.model.layers[1].mlp = Doubled(mlp)
    else:
        mlp.down_proj.__class__ = Scaled
    with caplog.at_level(logging.ERROR):
        one = Recorder(tmp_path / "run", windows(), weights=True)
        one.log(model, 0)
        one.log(model, 1)
    assert caplog.text.count("leave out weights=True") >= 1
    assert "do not open again" in caplog.text or "open as another one" in caplog.text
    assert not (tmp_path / "run").exists()
    assert recorded(tmp_path / "states", model, windows()).steps == (0,)


class Adapted(nn.Module):
    """What peft makes of a model: its weights lie beside the adapter's, and are trained by it."""

    def __init__(self, base: nn.Module) -> None:
        super().__init__()
        self.base, self.adapter = base, nn.Linear(2, 2)

    def get_base_model(self) -> nn.Module:
        return self.base


def test_an_adapted_model_is_recorded_and_its_weights_are_refused(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert recorded(tmp_path / "states", Adapted(a_llama()), windows()).steps == (0,)
    with caplog.at_level(logging.ERROR):
        Recorder(tmp_path / "run", windows(), weights=True).log(Adapted(a_llama()), 0)
    assert "(plain modules, adapters): leave out weights=True" in caplog.text


def test_a_tokenizer_that_cannot_be_kept_is_told_with_weights(tmp_path: Path) -> None:
    class Letters:
        def encode(self, text: str) -> list[int]:
            return [ord(letter) % WORDS for letter in text]

    with pytest.raises(InputError, match="cannot be typed with this tokenizer"):
        Recorder(tmp_path, list(TEXTS), tokenizer=Letters(), weights=True)


# ---- positions and attention


def test_roberta_is_recorded_to_its_last_position(tmp_path: Path) -> None:
    shape = {
        "vocab_size": WORDS,
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
    }
    model = transformers.RobertaModel(
        transformers.RobertaConfig(**shape, max_position_embeddings=20)
    ).eval()
    ids = torch.randint(2, WORDS, (6, 18), generator=torch.Generator().manual_seed(2))
    run = recorded(tmp_path / "whole", model, ids, length=64)
    assert run.max_tokens == 18
    reference = run.reference()
    wanted = (
        model(torch.from_numpy(reference.windows.astype(np.int64)))
        .last_hidden_state.detach()
        .numpy()
    )
    np.testing.assert_allclose(
        states_of(run, 0)[-1], wanted[reference.window, reference.position], rtol=5e-3, atol=5e-3
    )
    one = Recorder(tmp_path / "long", torch.randint(2, WORDS, (6, 19)), length=64)
    one.log(model, 0)
    assert one.steps == ()


def test_attention_both_ways_is_found_by_what_the_model_does(tmp_path: Path) -> None:
    layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)
    both = nn.Sequential(nn.Embedding(WORDS, 16), layer)
    sites = {"embed": "0", "L0.post": "1"}
    assert not recorded(tmp_path / "both", both, windows(), sites=sites).card["architecture"][
        "causal"
    ]
    with recorder(tmp_path / "plain") as one:
        one.log(plain(), 0)
    assert open_run(tmp_path / "plain").card["architecture"]["causal"]
    assert recorded(tmp_path / "llama", a_llama(), windows()).card["architecture"]["causal"]
    free = a_llama(is_causal=False)
    for layer in free.model.layers:
        layer.self_attn.is_causal = False
    found = recorded(tmp_path / "free", free, windows())
    ids = torch.from_numpy(found.reference().windows.astype(np.int64))
    states = free.model(ids, output_hidden_states=True).hidden_states[1].detach().numpy()
    at = [site.name for site in found.sites].index("L0.post")
    reference = found.reference()
    np.testing.assert_allclose(
        states_of(found, 0)[at], states[reference.window, reference.position], rtol=5e-3, atol=5e-3
    )
    other = ids.clone()
    other[:, -1] = (other[:, -1] + 1) % WORDS
    changed = free.model(other, output_hidden_states=True).hidden_states[1].detach().numpy()[:, 0]
    ahead = not np.allclose(changed, states[:, 0], atol=1e-6)
    assert found.card["architecture"]["causal"] == (not ahead)


class Heap(nn.Module):
    """A network whose layer reads the rows of all windows at once, window after window or place
    after place; ``mixed`` lets them depend on each other.
    """

    def __init__(self, by_place: bool, mixed: bool = False) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.embedding, self.layer = nn.Embedding(WORDS, 16), nn.Linear(16, 16)
        self.by_place, self.mixed = by_place, mixed

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        rows = self.embedding(ids)
        heap = (rows.transpose(0, 1) if self.by_place else rows).reshape(-1, 16)
        found: torch.Tensor = self.layer(heap - heap.sum(0) if self.mixed else heap)
        return found


HEAP = {"embed": "embedding", "L0.post": "layer"}


@pytest.mark.parametrize("by_place", [False, True])
def test_rows_in_one_heap_are_told_apart_by_what_a_window_is_alone(
    tmp_path: Path, by_place: bool
) -> None:
    heap = Heap(by_place)
    run = recorded(tmp_path / "heap", heap, windows(), sites=HEAP)
    reference = run.reference()
    ids = torch.from_numpy(reference.windows.astype(np.int64))
    wanted = heap.layer(heap.embedding(ids)).detach().numpy()
    np.testing.assert_allclose(
        states_of(run, 0)[1], wanted[reference.window, reference.position], rtol=5e-3, atol=5e-3
    )


def test_rows_in_one_heap_that_hang_together_are_refused(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    one = Recorder(tmp_path / "mixed", windows(), sites=HEAP)
    one.log(Heap(True, mixed=True), 0)
    assert one.steps == ()
    assert "in one heap, and in no order of them is a window as it is alone" in caplog.text
