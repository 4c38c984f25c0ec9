"""Models of Hugging Face behind the adapter protocol: their states are those that transformers
itself gives, for every family.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import weakref
from concurrent.futures import ThreadPoolExecutor
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from layerfold.errors import DamagedRun, ModelRefused, NoWeights, TextTooLong
from layerfold.interp.logit_lens import logit_lens
from layerfold.model.huggingface import Where, load_adapter, read_hub_tokenizer, read_shape
from layerfold.model.huggingface.adapter import HuggingFaceAdapter
from layerfold.records import Floats
from tests.model.hub_models import KINDS, made, minilm

TEXT = "The doctor watched the river bank in the spring, “naïve” 春."
TOLERANCE = 1e-5


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A saved model of a family by name, taught at first need."""
    root = tmp_path_factory.mktemp("hub")
    known: dict[str, Path] = {"minilm": minilm()}

    def model(name: str) -> Path:
        if name not in known:
            known[name] = made(KINDS[name], root / name)
        return known[name]

    return model


@pytest.fixture(params=[*KINDS, "minilm"])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def opened(folder: Path, **options: Any) -> HuggingFaceAdapter:
    return load_adapter(Where(folder), read_shape(Where(folder)), **options)


def ids_of(folder: Path) -> list[int]:
    return read_hub_tokenizer(Where(folder)).encode(TEXT, read_shape(Where(folder)).block_size).ids


def own(folder: Path, dtype: torch.dtype = torch.float32) -> Any:
    """The same model as transformers opens it."""
    import transformers

    named = json.loads((folder / "config.json").read_text())["architectures"][0]
    return getattr(transformers, named).from_pretrained(folder, dtype=dtype).eval()


def by_site(adapter: HuggingFaceAdapter, ids: list[int]) -> dict[str, Floats]:
    return {
        site.name: values
        for site, values in zip(adapter.sites, adapter.states(ids).values, strict=True)
    }


def off(found: Any, expected: torch.Tensor) -> float:
    """The largest difference over the largest number."""
    right = expected.detach().to(torch.float32).numpy()
    return float(np.abs(np.asarray(found) - right).max() / np.abs(right).max())


@torch.inference_mode()
def test_states_are_the_hidden_states_of_transformers(models: Any, name: str) -> None:
    folder = models(name)
    adapter, ids = opened(folder), ids_of(folder)
    states = by_site(adapter, ids)
    told = own(folder)(input_ids=torch.tensor([ids]), output_hidden_states=True)
    last = len(told.hidden_states) - 1
    for n, expected in enumerate(told.hidden_states):
        found = states[f"L{n - 1}.post" if n else "embed"]
        assert found.dtype == np.float32
        # there alone transformers has applied the final norm
        if n == last and adapter.structure.final_norm is not None:
            assert off(found, expected[0]) > 0.1
            found = adapter.structure.final_norm(torch.from_numpy(found)).numpy()
        assert off(found, expected[0]) <= TOLERANCE


@torch.inference_mode()
def test_logits_at_the_last_site_are_the_model_s_own(models: Any, name: str) -> None:
    folder = models(name)
    adapter, ids = opened(folder), ids_of(folder)
    last = adapter.states(ids).values[-1]
    if not adapter.unembeds:
        assert name == "minilm"
        with pytest.raises(NoWeights, match="no unembedding"):
            adapter.unembed(last)
        return
    logits = own(folder)(input_ids=torch.tensor([ids])).logits[0]
    assert off(adapter.unembed(last), logits) <= TOLERANCE
    lens = logit_lens(adapter, adapter.states(ids).values[:, -1], 5)
    assert lens.ids[-1, 0] == int(logits[-1].argmax())
    assert lens.kl[-1] == 0


@torch.inference_mode()
def test_a_mid_site_is_what_the_mlp_reads_and_adds_to(models: Any, name: str) -> None:
    folder = models(name)
    adapter = opened(folder)
    states = by_site(adapter, ids_of(folder))
    then = KINDS[name].then if name in KINDS else ("intermediate",)
    if not then:
        assert not [site for site in states if site.endswith(".mid")]
        return
    assert len(adapter.sites) == 2 * read_shape(Where(folder)).n_layer + 1
    layers = (
        adapter.body.encoder.layer
        if then == ("intermediate",)
        else getattr(adapter.body, "h", None) or adapter.body.layers
    )
    for n, layer in enumerate(layers):
        mid = torch.from_numpy(states[f"L{n}.mid"])
        if then == ("intermediate",):
            post = layer.output(layer.intermediate(mid), mid)
        else:
            post = mid + reduce(lambda state, part: getattr(layer, part)(state), then, mid[None])[0]
        assert off(states[f"L{n}.post"], post) <= TOLERANCE


@torch.inference_mode()
def test_states_are_the_same_alone_in_a_batch_and_on_any_thread(models: Any, name: str) -> None:
    folder = models(name)
    adapter, ids = opened(folder), ids_of(folder)
    alone = adapter.states(ids).values
    batch = adapter.batch_states(np.array([ids[::-1], ids, ids], dtype=np.int32))
    assert off(batch[:, 1], torch.from_numpy(alone)) <= TOLERANCE
    assert np.array_equal(adapter.states(ids).values, alone)
    for site, states in enumerate(batch):
        ended = adapter.site_states(np.array([ids[::-1], ids, ids], dtype=np.int32), site)
        assert ended.tobytes() == states.tobytes(), "a pass that ends at a site, and says the same"
    with ThreadPoolExecutor(4) as pool:
        for found, length in zip(
            pool.map(lambda n: adapter.states(ids[: 4 + n % 5]).values, range(12)),
            range(12),
            strict=True,
        ):
            assert found.shape[1] == 4 + length % 5
            if adapter.causal:
                assert off(found, torch.from_numpy(alone[:, : found.shape[1]])) <= TOLERANCE


@torch.inference_mode()
@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize("name", ["gpt2", "llama", "gemma2", "bert"])
def test_narrow_numbers_come_out_wide(models: Any, name: str, dtype: str) -> None:
    folder = models(name)
    adapter, ids = opened(folder, dtype=dtype), ids_of(folder)
    values = adapter.states(ids).values
    assert values.dtype == np.float32
    told = own(folder, getattr(torch, dtype))(
        input_ids=torch.tensor([ids]), output_hidden_states=True
    )
    step = {"bfloat16": 2**-6, "float16": 2**-9}[dtype]
    for n, expected in enumerate(told.hidden_states[:-1]):
        assert off(values[2 * n], expected[0]) <= step
    logits = adapter.unembed(values[-1])
    assert logits.dtype == np.float32
    assert off(logits, told.logits[0]) <= 4 * step
    assert adapter.nbytes < 0.6 * opened(folder).nbytes


def test_an_absent_device_is_named(models: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    for device in ("cuda", "cuda:3", "mps", "cpu:1", "tpu", "cuda:x"):
        with pytest.raises(ModelRefused, match=f"device '{device}'.*choose cpu"):
            opened(models("gpt2"), device=device)
    with pytest.raises(ModelRefused, match="float64"):
        opened(models("gpt2"), dtype="float64")


@pytest.mark.parametrize("name", ["gpt2", "roberta", "gemma3"])
def test_as_many_tokens_are_read_as_there_are_positions(models: Any, name: str) -> None:
    adapter = opened(models(name))
    assert adapter.max_tokens == 64
    assert np.isfinite(adapter.states([7] * adapter.max_tokens).values).all()


def test_no_more_tokens_are_read_at_once_than_can_be_served(models: Any, tmp_path: Path) -> None:
    folder = shutil.copytree(models("mistral"), tmp_path / "long")
    rewrite(folder / "config.json", max_position_embeddings=131072)
    assert read_shape(Where(folder)).block_size == 4096


def test_ids_that_a_model_has_no_rows_for_are_refused(models: Any) -> None:
    adapter = opened(models("gpt2"))
    for ids in ([1, 420], [1, -1]):
        with pytest.raises(DamagedRun, match="the model knows 420"):
            adapter.states(ids)
    with pytest.raises(TextTooLong, match="reads 64 at once"):
        adapter.states([1] * 65)


def rewrite(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


# ---- weights


def test_a_model_is_held_once_and_goes_when_it_is_let_go(models: Any) -> None:
    folder = models("minilm")
    adapter = opened(folder)
    assert adapter.nbytes == pytest.approx((folder / "model.safetensors").stat().st_size, rel=0.02)
    gone = weakref.ref(adapter.network)
    adapter.states([101, 102])
    del adapter
    assert gone() is None  # by counting references alone: the next step's weights come as these go


HELD = """
import sys
from pathlib import Path
from layerfold.model.huggingface import Where, load_adapter, read_shape

def held():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1024

where = Where(Path(sys.argv[1]))
shape = read_shape(where)
keep = load_adapter(where, shape)  # what is imported and compiled at first need
del keep
before = held()
for _ in range(4):  # the steps of a series, one after another
    adapter = None
    adapter = load_adapter(where, shape)
print(held() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads memory from /proc")
def test_a_series_of_models_takes_the_memory_of_one(models: Any) -> None:
    found = subprocess.run(
        [sys.executable, "-c", HELD, str(models("minilm"))],
        capture_output=True,
        text=True,
        check=True,
    )
    assert float(found.stdout.split()[-1]) < 1.3 * 87


def renamed(
    folder: Path, to: Path, names: dict[str, str], more: dict[str, torch.Tensor] | None = None
) -> Path:
    """The model with other names of its weights, as checkpoints of former years have them."""
    shutil.copytree(folder, to)
    weights = load_file(to / "model.safetensors") | (more or {})
    for old, new in names.items():
        weights = {name.replace(old, new): tensor for name, tensor in weights.items()}
    save_file(weights, to / "model.safetensors", {"format": "pt"})
    return to


@pytest.mark.parametrize(
    ("name", "names", "more"),
    [
        ("gpt2", {"transformer.": ""}, {"h.0.attn.bias": torch.ones(1, 1, 64, 64)}),
        (
            "pythia",
            {"lm_head.": "embed_out."},
            {"gpt_neox.layers.0.attention.bias": torch.ones(1, 1, 64, 64)},
        ),
        (
            "bert",
            {"LayerNorm.weight": "LayerNorm.gamma", "LayerNorm.bias": "LayerNorm.beta"},
            {"bert.embeddings.position_ids": torch.arange(64)},
        ),
    ],
)
def test_older_names_of_weights_are_read(
    models: Any, tmp_path: Path, name: str, names: dict[str, str], more: Any
) -> None:
    old = renamed(models(name), tmp_path / name, names, more)
    ids = ids_of(old)
    one, other = opened(old), opened(models(name))
    assert np.array_equal(one.states(ids).values, other.states(ids).values)
    assert np.array_equal(
        one.unembed(one.states(ids).values), other.unembed(one.states(ids).values)
    )


def test_weights_in_several_files_are_read(models: Any, tmp_path: Path) -> None:
    folder = shutil.copytree(models("llama"), tmp_path / "parts")
    own(folder).save_pretrained(folder, max_shard_size="60KB")
    (folder / "model.safetensors").unlink(missing_ok=True)
    assert len(list(folder.glob("model-*.safetensors"))) > 1
    ids = ids_of(folder)
    assert np.array_equal(
        opened(folder).states(ids).values, opened(models("llama")).states(ids).values
    )
    next(folder.glob("model-00002*")).unlink()
    with pytest.raises(DamagedRun, match=r"model-00002.* is missing"):
        opened(folder)


def test_a_checkpoint_that_is_not_whole_is_named(models: Any, tmp_path: Path) -> None:
    folder = shutil.copytree(models("gpt2"), tmp_path / "cut")
    path = folder / "model.safetensors"
    weights = load_file(path)
    weights.pop("transformer.h.1.mlp.c_fc.weight")
    save_file(weights, path, {"format": "pt"})
    with pytest.raises(DamagedRun, match=r"lacks 1 of its weights .*h\.1\.mlp\.c_fc"):
        opened(folder)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DamagedRun, match=r"model\.safetensors .* cannot be read"):
        opened(folder)
    path.unlink()
    with pytest.raises(DamagedRun, match="holds no weights"):
        opened(folder)


def test_weights_of_another_shape_are_refused(models: Any, tmp_path: Path) -> None:
    folder = shutil.copytree(models("gpt2"), tmp_path / "wide")
    before = read_shape(Where(folder))
    rewrite(folder / "config.json", n_embd=96)
    with pytest.raises(DamagedRun, match="do not fit its config"):
        opened(folder)
    with pytest.raises(ModelRefused, match="another shape than the run's"):
        load_adapter(Where(folder), before)


def test_a_config_that_speaks_of_far_more_than_there_is_takes_no_memory(
    models: Any, tmp_path: Path
) -> None:
    folder = shutil.copytree(models("gpt2"), tmp_path / "huge")
    rewrite(folder / "config.json", n_embd=1 << 17, n_head=1 << 10, n_layer=20, vocab_size=1 << 24)
    with pytest.raises(DamagedRun, match=r"it speaks of .* numbers, the files hold"):
        opened(folder)


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("tiny", "tiny"),
        ("run/checkpoint-4", "run"),
        ("kitten/model", "kitten"),
        ("models--some-org--some-model-2m/snapshots/" + "b" * 40, "some-model-2m"),
    ],
)
def test_a_model_is_called_what_a_person_would_call_it(
    models: Any, tmp_path: Path, path: str, title: str
) -> None:
    folder = tmp_path / path
    folder.mkdir(parents=True)
    shutil.copy(models("gpt2") / "config.json", folder)
    assert read_shape(Where(folder)).title == title


def test_an_encoder_without_its_head_has_no_lens(models: Any, tmp_path: Path) -> None:
    folder = shutil.copytree(models("bert"), tmp_path / "body")
    rewrite(folder / "config.json", architectures=["BertForSequenceClassification"])
    shape = read_shape(Where(folder))
    assert not shape.unembedding
    ids = ids_of(folder)
    assert np.array_equal(
        opened(folder).states(ids).values, opened(models("bert")).states(ids).values
    )
