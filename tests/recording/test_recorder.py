"""Recording from inside a loop: what is kept, what it costs, and that no training is ever changed
or broken by it.
"""

from __future__ import annotations

import random
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer as Backend
from torch import nn

import layerfold
from layerfold.build.check import check_run
from layerfold.build.run_atlas import build_run_atlas
from layerfold.errors import DamagedRun, InputError, NoWeights
from layerfold.interp.session import open_session
from layerfold.model.tokenizers.byte_level import Tokenizer
from layerfold.recording.cadence import Cadence, kept_row, mark
from layerfold.recording.recorder import Recorder
from layerfold.runs.opening import open_run
from tests.loops import (
    SITES,
    WORDS,
    log,
    nothing,
    plain,
    recorder,
    small_gpt,
    states_of,
    train,
    windows,
)
from tests.readme import block
from tests.small import TEXTS, a_model

ROOT = Path(__file__).parents[2]


def same(a: nn.Module, b: nn.Module) -> bool:
    return all(
        torch.equal(x, y)
        for x, y in zip(a.state_dict().values(), b.state_dict().values(), strict=True)
    )


# ---- the training is as it would have been


def test_fifty_steps_end_in_the_same_bytes_with_and_without(tmp_path: Path) -> None:
    found = []
    for recording in (False, True):
        random.seed(3)
        np.random.seed(3)
        model = plain()
        model.blocks[1].eval()  # a part that a person keeps frozen
        one = recorder(tmp_path / "run", every=3)
        each = partial(log, one, model) if recording else nothing
        train(model, 50, each)
        found.append((model, torch.rand(1).item(), random.random(), np.random.rand()))
        assert model.training
        assert not model.blocks[1].training
        assert not model.blocks[0]._forward_hooks
    assert same(found[0][0], found[1][0])
    assert found[0][1:] == found[1][1:]
    assert len(open_run(tmp_path / "run").steps) == 17


def test_autocast_and_gradients_are_left_as_they_are(tmp_path: Path) -> None:
    one, model = recorder(tmp_path), plain()
    with torch.autocast("cpu", dtype=torch.bfloat16), torch.no_grad():
        one.log(model, 0)
        assert torch.is_autocast_enabled("cpu")
        assert not torch.is_grad_enabled()
    assert torch.is_grad_enabled()
    assert one.steps == (0,)


def test_what_is_kept_is_what_the_modules_gave(tmp_path: Path) -> None:
    model = plain()
    with recorder(tmp_path) as one:
        one.log(model, 0, loss=2.5, accuracy=torch.tensor(0.5))
    run = open_run(tmp_path)
    reference = run.reference()
    assert (run.kind, run.live, run.typed, run.steps) == ("recorded", False, False, (0,))
    assert [site.name for site in run.sites] == list(SITES)
    assert run.metrics() == [{"step": 0, "loss": 2.5, "accuracy": 0.5}]
    assert len(reference) == 96
    model.eval()
    embedded = model.tok_emb(torch.from_numpy(reference.windows.astype(np.int64)))
    mid = embedded + model.blocks[0].mix(model.blocks[0].ln1(embedded).cumsum(1))
    states = states_of(run, 0)
    for site, wanted in enumerate((embedded, mid, model.blocks[0](embedded)[0])):
        np.testing.assert_allclose(
            states[site],
            wanted.detach().numpy()[reference.window, reference.position],
            rtol=2e-3,
            atol=2e-3,
        )
    assert [problem for problem in check_run(tmp_path) if "atlas" not in problem.file] == []


def test_modules_that_put_time_first_and_functions_as_places(tmp_path: Path) -> None:
    layer = nn.TransformerEncoderLayer(16, 2, 32)
    model = nn.Sequential(nn.Embedding(WORDS, 16), layer)
    sites = {"embed": lambda model: model[0], "L0.post": "1"}
    with Recorder(
        tmp_path, windows(12, 12), sites=sites, call=lambda model, ids: model(ids.T)
    ) as one:
        one.log(model, 0)
    run = open_run(tmp_path)
    reference = run.reference()
    wanted = (
        model[0](torch.from_numpy(reference.windows.astype(np.int64)))
        .detach()
        .numpy()[reference.window, reference.position]
    )
    np.testing.assert_allclose(states_of(run, 0)[0], wanted, rtol=2e-3, atol=1e-3)


# ---- wrappers


def test_wrapped_models_are_found(tmp_path: Path) -> None:
    inner = plain()
    for n, model in enumerate((nn.DataParallel(inner), torch.compile(inner, backend="eager"))):
        with recorder(tmp_path / str(n)) as one:
            one.log(model, 0)
        assert open_run(tmp_path / str(n)).steps == (0,)


def test_a_compiled_training_is_recorded_without_compiling_anew(tmp_path: Path) -> None:
    """The guards of compiled code do not depend on what it is compiled to, so no C++ compiler is
    needed.
    """
    model = plain()
    model.blocks[0].compile(backend="eager")
    whole: nn.Module = torch.compile(model, backend="eager")  # type: ignore[assignment]
    one = recorder(tmp_path, every=1)
    train(whole, 2)
    torch._dynamo.config.error_on_recompile = True
    try:
        train(whole, 4, partial(log, one, whole))
    finally:
        torch._dynamo.config.error_on_recompile = False
    one.close()
    assert open_run(tmp_path).steps == (0, 1, 2, 3)


PROCESS = """
import sys, torch
from pathlib import Path
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel
from layerfold import Recorder
from tests.loops import SITES, plain, train, windows
rank, folder = int(sys.argv[1]), Path(sys.argv[2])
dist.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=2)
model = DistributedDataParallel(plain())
recorder = Recorder(folder / f"run{rank}", windows(), sites=SITES, every=2)
train(model, 6, lambda step, loss: recorder.log(model, step, loss=loss))
recorder.close()
torch.save(model.module.state_dict(), folder / f"weights{rank}.pt")
dist.destroy_process_group()
"""


def test_of_two_processes_the_first_writes_and_neither_waits(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PROCESS]
    processes = [
        subprocess.Popen(
            [*command, str(rank), str(tmp_path)], cwd=ROOT, stderr=subprocess.PIPE, text=True
        )
        for rank in (0, 1)
    ]
    for process in processes:
        _, said = process.communicate(timeout=120)
        assert process.returncode == 0, said
    assert open_run(tmp_path / "run0").steps == (0, 2, 4)
    assert not (tmp_path / "run1").exists()


# ---- texts and tokenizers


def test_our_gpt_with_its_weights_can_be_typed_into(tmp_path: Path) -> None:
    tokenizer = Tokenizer.train(TEXTS, 300)
    model = a_model(0)
    with Recorder(tmp_path, list(TEXTS), tokenizer=tokenizer, weights=True) as one:
        one.log(model, 0)
        one.log(model, 1)
    run = open_run(tmp_path)
    assert run.typed
    states = run.adapter(1).states(run.tokenizer().encode("The bank", 8).ids)
    assert states.values.shape[0] == 5
    np.testing.assert_allclose(states.values[:, 0], states_of(run, 1)[:, 0], rtol=0.02, atol=0.02)
    assert [problem for problem in check_run(tmp_path) if "atlas" not in problem.file] == []


class Letters:
    """A person's own tokenizer: a letter a token."""

    def encode(self, text: str) -> list[int]:
        return [ord(letter) % WORDS for letter in text]

    def decode(self, ids: list[int]) -> str:
        return "".join(chr(0x4E00 + id) for id in ids)


def test_any_tokenizer_will_do(tmp_path: Path) -> None:
    ours = Tokenizer.train(TEXTS, 300)
    ours.save(tmp_path / "tokenizer.json")
    library = Backend.from_file(str(tmp_path / "tokenizer.json"))
    for n, tokenizer in enumerate((ours, library, tmp_path, str(tmp_path / "tokenizer.json"))):
        with Recorder(tmp_path / str(n), TEXTS, tokenizer=tokenizer) as one:
            one.log(a_model(0), 0)
        assert (
            open_run(tmp_path / str(n)).tokenizer().encode("bank", 9).ids
            == ours.encode("bank", 9).ids
        )
    with Recorder(
        tmp_path / "letters",
        "the bank of the river was steep and wide",
        tokenizer=Letters(),
        sites=SITES,
    ) as one:
        one.log(plain(), 0)
    run = open_run(tmp_path / "letters")
    words = run.tokenizer()
    assert set(run.reference().text) <= {chr(0x4E00 + id) for id in range(WORDS)}
    with pytest.raises(NoWeights, match=r"tokenizer\.json"):
        words.encode("the bank", 8)


def test_many_texts_are_sampled_evenly_and_always_the_same(tmp_path: Path) -> None:
    tokenizer = Tokenizer.train(TEXTS, 300)
    found = []
    for n in range(2):
        with Recorder(
            tmp_path / str(n),
            [text + str(n) for text in TEXTS for n in range(40)],
            tokenizer=tokenizer,
            tokens=200,
        ) as one:
            one.log(a_model(0), 0)
        found.append((tmp_path / str(n) / "reference.safetensors").read_bytes())
    reference = open_run(tmp_path / "0").reference()
    assert found[0] == found[1]
    assert len(reference) == 200
    assert len(set(zip(reference.window.tolist(), reference.position.tolist(), strict=True))) == 200
    assert (reference.windows[reference.window, reference.position] >= 0).all()


@pytest.mark.parametrize(
    ("texts", "options", "words"),
    [
        (["a text"], {}, "no tokenizer"),
        ([], {"tokenizer": Letters()}, "no text"),
        (np.zeros((2, 3)), {}, "integers"),
        (["a text"], {"tokenizer": 3}, "is no tokenizer"),
        (windows(), {"sites": {"L0.end": "blocks.0"}}, "no site"),
        (windows(), {"sites": {"embed": 3}}, "place of site embed"),
        (windows(), {"sites": SITES, "weights": True}, "plain module"),
        (windows(), {"every": 0}, "every is 0"),
    ],
)
def test_what_cannot_be_recorded_is_said_before_the_training(
    tmp_path: Path, texts, options, words: str
) -> None:
    with pytest.raises(InputError, match=words):
        Recorder(tmp_path / "run", texts, **options)
    assert not (tmp_path / "run").exists()


# ---- when


def test_marks_are_two_an_octave() -> None:
    assert sorted({mark(step) for step in range(100)}) == [
        0,
        1,
        2,
        3,
        4,
        6,
        8,
        12,
        16,
        24,
        32,
        48,
        64,
        96,
    ]
    assert all(kept_row(step) for step in range(8192))
    assert sum(kept_row(step) for step in range(8192, 1 << 20)) < 7 * 4096 + 1


@pytest.mark.parametrize(
    ("cost", "pace", "steps", "total"),
    [(0.5, 0.05, 20_000, None), (5.0, 1.0, 5000, None), (0.2, 0.01, 3000, 3000)],
)
def test_recording_takes_no_more_than_its_share(
    cost: float, pace: float, steps: int, total: int | None
) -> None:
    cadence, clock = Cadence(None, 0.02, total), 0.0
    for step in range(steps):
        if cadence.due(step, clock):
            clock += cost
            cadence.took(step, cost)
        clock += pace
    assert cadence.spent <= 0.02 * clock + cost


def test_of_a_known_number_of_steps_only_the_steps_count() -> None:
    cadence, clock, stepping = Cadence(None, 0.02, 2000), 0.0, 0.0
    for step in range(2000):
        if cadence.due(step, clock):
            clock += 0.1
            cadence.took(step, 0.1)
        clock += 0.02
        stepping += 0.02
        clock += 2.0 if step % 100 == 0 else 0.0  # an evaluation
    assert 0.5 * 0.02 * stepping < cadence.spent <= 0.02 * stepping


# ---- an atlas


@pytest.mark.slow
def test_an_atlas_is_built_of_what_was_recorded(tmp_path: Path) -> None:
    model = small_gpt()
    with Recorder(tmp_path, windows(), every=4) as one:
        train(model, 9, lambda step, loss: one.log(model, step, loss=loss))
    build_run_atlas(tmp_path)
    assert check_run(tmp_path) == []
    opened = open_session(tmp_path)
    assert opened.steps == (0, 4, 8)
    found = opened.inspect_reference(3, 4, 1)
    assert found.norm == pytest.approx(float(np.linalg.norm(states_of(opened.run, 4)[1, 3])))
    assert len(found.neighbors) == 15
    assert found.lens == ()
    with pytest.raises(NoWeights, match="weights=True"):
        opened.slice(opened.tokenize("3 4"), 4)


def test_the_training_process_imports_neither_umap_nor_numba() -> None:
    said = subprocess.run(
        [
            sys.executable,
            "-c",
            (
                "import layerfold, sys; layerfold.Recorder; print({'umap', 'numba', 'transformers'}"
                " & set(sys.modules))"
            ),
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert said.strip() == "set()"
    assert layerfold.Recorder is Recorder


def test_a_damaged_tokenizer_is_said(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text("{")
    with pytest.raises(DamagedRun, match="cannot be read"):
        Recorder(tmp_path / "run", ["a"], tokenizer=tmp_path / "tokenizer.json")


def test_the_lines_of_the_readme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    given = {
        "texts": list(TEXTS),
        "tokenizer": Tokenizer.train(TEXTS, 300),
        "model": a_model(0),
        "batches": range(5),
    }
    exec(block("recorder"), {**given, "learn": lambda model, batch: None})
    assert open_run(tmp_path / "runs" / "mine").steps[0] == 0
