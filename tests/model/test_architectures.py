"""Every architecture on docs/reference/models.md opens, agrees with transformers' own pass, and is
as that page says.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from layerfold.errors import ModelNotFound, ModelRefused
from layerfold.model.huggingface import Where, load_adapter, read_shape
from layerfold.model.huggingface.adapter import HuggingFaceAdapter
from layerfold.model.huggingface.report import report_of
from layerfold.records import Stop
from layerfold.runs.hub_run import open_hub
from layerfold.runs.opening import open_run
from tests.model.architectures import HEAD, KINDS, PAGE, row_of, written

IDS = [5, 9, 2, 77, 31, 8]


@pytest.mark.parametrize("kind", KINDS)
def test_an_architecture_opens_as_the_page_says(kind: str, tmp_path: Path) -> None:
    report = report_of(Where(written(kind, tmp_path)))
    assert report.right, report.as_text()
    assert report.left == ()
    assert row_of(kind, report) in PAGE.read_text("utf-8").splitlines()


def test_the_page_has_these_rows_and_no_others() -> None:
    page = PAGE.read_text("utf-8")
    assert page.startswith(HEAD)
    assert [row.split("`")[1] for row in page.removeprefix(HEAD).splitlines()] == list(KINDS)
    assert len(KINDS) >= 40


@pytest.mark.parametrize("kind", ["distilbert", "phi3", "mamba", "opt", "albert", "t5"])
@torch.inference_mode()
def test_states_are_those_of_a_plain_call(kind: str, tmp_path: Path) -> None:
    """Compared here by hand, and not by what compares them on opening."""
    import transformers

    folder = written(kind, tmp_path)
    shape = read_shape(Where(folder))
    states = load_adapter(Where(folder), shape).states(IDS).values
    network = transformers.AutoModel.from_pretrained(folder).eval()
    body = network.get_encoder() if kind == "t5" else network
    hidden = body(input_ids=torch.tensor([IDS]), output_hidden_states=True).hidden_states
    post = [n for n, site in enumerate(shape.sites) if not site.endswith("mid")]
    first = 1 if kind == "mamba" else 0  # whose list begins after the first block
    pairs = list(zip(post[first:], hidden, strict=False))[
        : shape.n_layer - first + (1 if kind in ("distilbert", "albert") else 0)
    ]
    assert len(pairs) >= shape.n_layer - 1
    for n, right in pairs:
        assert np.abs(states[n] - right[0].numpy()).max() <= 1e-5 * float(right.abs().max()), (
            shape.sites[n]
        )


def test_the_check_sees_a_state_that_is_not_the_right_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = written("llama", tmp_path)
    real = HuggingFaceAdapter._read

    def off(self: HuggingFaceAdapter, windows: np.ndarray, stop: Stop) -> np.ndarray:
        values = real(self, windows, stop)
        values[2] *= 1.001
        return values

    monkeypatch.setattr(HuggingFaceAdapter, "_read", off)
    with pytest.raises(
        ModelRefused,
        match=r"L0\.post of its captured pass differs from transformers' own by 1\.0e-03",
    ):
        load_adapter(Where(folder), read_shape(Where(folder)))


@pytest.mark.parametrize("kind", ["t5", "bart", "switch_transformers", "mt5"])
@torch.inference_mode()
def test_a_decoder_is_a_stream_of_its_own(kind: str, tmp_path: Path) -> None:
    """It says again what its encoder reads; its states are a plain call's, and it alone has a
    lens.
    """
    import transformers

    folder = written(kind, tmp_path / "model")
    where = Where(folder, stream="decoder")
    shape = read_shape(where)
    adapter = load_adapter(where, shape)
    assert (shape.unembedding, shape.causal, shape.title) == (
        True,
        False,
        f"{read_shape(Where(folder)).title} (decoder)",
    )
    ids = torch.tensor([IDS])
    network = transformers.AutoModelForSeq2SeqLM.from_pretrained(folder).eval()
    told = network(input_ids=ids, decoder_input_ids=ids, output_hidden_states=True)
    states = adapter.states(IDS).values
    for found, right in (
        (states[0], told.decoder_hidden_states[0]),
        (states[2], told.decoder_hidden_states[1]),
        (adapter.unembed(states[-1]), told.logits),
    ):
        assert np.abs(found - right[0].numpy()).max() <= 1e-5 * float(right.abs().max())
    encoder = load_adapter(Where(folder), read_shape(Where(folder)))
    assert not np.allclose(encoder.states(IDS).values[-1], states[-1])
    assert not encoder.unembeds


def test_a_decoder_is_a_run_of_its_own(tmp_path: Path) -> None:
    folder = written("t5", tmp_path / "model")
    runs = [
        open_run(open_hub(f"hf:{folder}{part}", tmp_path / "home")) for part in ("", "#decoder")
    ]
    assert runs[0].folder != runs[1].folder
    assert [run.card["architecture"]["unembedding"] for run in runs] == [False, True]
    assert runs[1].adapter(0).structure.stream == "decoder"
    with pytest.raises(ModelRefused, match="no encoder beside a decoder"):
        open_hub(f"hf:{written('llama', tmp_path / 'llama')}#decoder", tmp_path / "home")
    with pytest.raises(ModelNotFound, match="there is no folder"):
        open_hub(f"hf:{folder}#eyes", tmp_path / "home")
