"""A model in one GGUF file: its config, its weights dequantised into a plain network, its
tokenizer, by transformers' own reading.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from layerfold.errors import DamagedRun, LayerfoldError, MissingExtra, ModelRefused
from layerfold.files.array_cache import Stamp, file_stamp
from layerfold.files.atomic import write_atomically
from layerfold.model.huggingface.gguf_check import (
    check_loaded,
    check_prefix,
    check_settings,
    check_whole,
    names_taken,
    unheard_split,
)
from layerfold.model.huggingface.gguf_rotary import DIVISORS, take_divisors
from layerfold.model.huggingface.library import library
from layerfold.model.huggingface.quiet import quiet, reason

if TYPE_CHECKING:
    import torch

OF_THIS_MACHINE: Final = ("_name_or_path", "transformers_version")  # of a config, of no meaning
VOCABULARY: Final = "tokenizer.ggml."
WIDE: Final = frozenset(["F32", "F64"])  # kinds of numbers that hold any weight as it was
KEPT: Final = 8  # headers of files


@dataclass(frozen=True)
class Header:
    """What a GGUF file says of itself, but for its vocabulary's lists, and the tensors that it
    holds: of each how many numbers, and of each way of rounding; ``divisors`` of the frequencies
    of its positions, where it has some.
    """

    said: Mapping[str, Any]
    tensors: Mapping[str, int]
    rounded: Mapping[str, int]
    divisors: tuple[float, ...] = ()


def header_of(path: Path) -> Header:
    """The header of a file; raises MissingExtra, ModelRefused where it is no whole model,
    DamagedRun.
    """
    return _header(path, file_stamp(path))


@lru_cache(maxsize=KEPT)
def _header(path: Path, _stamp: Stamp | None) -> Header:
    def read(_: Any) -> Header:
        reader = _library().GGUFReader(str(path))
        said = {
            name: field.contents()
            for name, field in reader.fields.items()
            if not name.startswith(VOCABULARY) or len(field.data) == 1
        }
        tensors = {tensor.name: int(tensor.n_elements) for tensor in reader.tensors}
        rounded = Counter[str]()
        for tensor in reader.tensors:
            rounded[tensor.tensor_type.name] += int(tensor.n_elements)
        check_whole(path, said, tensors)
        divided = (one.data for one in reader.tensors if one.name == DIVISORS)
        divisors = tuple(map(float, np.ravel(next(divided, ()))))
        return Header(said, tensors, rounded, divisors)

    return _read(path, read)  # type: ignore[no-any-return]


def gguf_config(path: Path) -> Any:
    """The config that a GGUF file holds; raises MissingExtra, ModelRefused (also where it says more
    of itself than transformers reads), DamagedRun.
    """
    header = header_of(path)

    def read(transformers: Any) -> Any:
        config = transformers.AutoConfig.from_pretrained(path.parent, **_options(path))
        take_divisors(config, header.divisors)
        check_settings(path, header.said, config)
        made = transformers.MODEL_FOR_CAUSAL_LM_MAPPING.get(type(config), None)
        # a GGUF file has what is needed to go on with a text
        config.architectures = [made.__name__] if isinstance(made, type) else None
        return config

    return _read(path, read)


def gguf_tokenizer(path: Path) -> Any:
    """The tokenizer that a GGUF file holds; raises MissingExtra, ModelRefused, DamagedRun."""
    header = header_of(path)

    def read(transformers: Any) -> Any:
        made = transformers.AutoTokenizer.from_pretrained(path.parent, **_options(path))
        check_prefix(path, header.said, made.backend_tokenizer)
        return made

    return _read(path, read)


def gguf_network(path: Path, made: Any, config: Any, dtype: torch.dtype) -> Any:
    """A plain network of a class with the weights of a GGUF file, dequantised; raises as
    ``gguf_config``, and where file and network do not hold the same weights.
    """
    header = header_of(path)

    def read(transformers: Any) -> Any:
        from torch import device

        rounded, told = made.from_pretrained(
            path.parent,
            config=config,
            dtype=dtype,
            output_loading_info=True,
            ignore_mismatched_sizes=True,  # they are named by check_loaded
            **_options(path),
        )
        kind = str(header.said.get("general.architecture", ""))
        own = sum(one.numel() for one in rounded.parameters())
        taken = names_taken(kind, rounded, told, header.tensors)
        taken |= {DIVISORS} if take_divisors(config, header.divisors) else set()
        check_loaded(path, told, taken, header.tensors, own)
        with device("meta"):  # else the weights are in memory twice
            plain = made._from_config(config, dtype=dtype)
        found = {name: weight.to(dtype) for name, weight in rounded.state_dict().items()}
        plain.load_state_dict(found, assign=True)
        for name, held in rounded.named_buffers():  # those that no file holds
            place, _, last = name.rpartition(".")
            plain.get_submodule(place).register_buffer(last, held, persistent=False)
        plain.tie_weights()
        return plain

    return _read(path, read)


def write_plain(path: Path, folder: Path) -> None:
    """A folder holds the model of a GGUF file as transformers writes one: config, weights as
    float32, tokenizer; the same file gives the same weights to the byte.

    Raises MissingExtra, ModelRefused, DamagedRun, OSError.
    """
    transformers = library("transformers")  # 3 s: only where a model is opened
    from safetensors.torch import save_file
    from torch import float32

    config = gguf_config(path)
    made: Any = transformers.AutoModelForCausalLM._model_mapping[type(config)]
    network = gguf_network(path, made, config, float32)
    weights = {  # what is tied, once
        name: weight.detach().contiguous() for name, weight in network.named_parameters()
    }
    folder.mkdir(parents=True, exist_ok=True)
    with quiet():
        gguf_tokenizer(path).save_pretrained(folder)
    said = {
        **config.to_diff_dict(),
        "architectures": [made.__name__],
        "dtype": "float32",
    }
    plain = {name: value for name, value in sorted(said.items()) if name not in OF_THIS_MACHINE}
    write_atomically(folder / "config.json", json.dumps(plain, indent=2).encode() + b"\n")
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def rounding_of(path: Path) -> str:
    """How the weights of a GGUF file were rounded, as a sentence, nothing where they were not;
    raises as ``header_of``.
    """
    numbers = header_of(path).rounded
    if set(numbers) <= WIDE:
        return ""
    kind = max(numbers, key=numbers.__getitem__)
    share = numbers[kind] / sum(numbers.values())
    return (
        f"Its weights were rounded before they came here ({kind}: {share:.0%} of the numbers) and"
        " are shown as they are after that."
    )


def splitting_of(path: Path) -> str:
    """What is to be said of a vocabulary whose way to split a text transformers does not know, as a
    sentence; nothing where it does. Raises as ``header_of``.
    """
    return unheard_split(header_of(path).said)


def _options(path: Path) -> dict[str, Any]:
    return {"gguf_file": path.name, "trust_remote_code": False, "local_files_only": True}


def _library() -> Any:
    try:
        import gguf  # of few models
    except ImportError as error:
        raise MissingExtra("GGUF files need more packages: pip install layerfold[gguf]") from error
    return gguf


def _read(path: Path, read: Any) -> Any:
    _library()
    try:
        import tqdm  # type: ignore[import-untyped]

        transformers = library("transformers")  # 3 s: only where a model is opened
        reader = library("transformers.modeling_gguf_pytorch_utils")
    except ImportError as error:
        raise MissingExtra(
            "models of Hugging Face need more packages: pip install layerfold[hf]"
        ) from error
    try:
        with quiet():
            vars(reader)["tqdm"] = partial(tqdm.tqdm, disable=True)  # its bar asks nobody
            return read(transformers)
    except LayerfoldError:
        raise
    except NotImplementedError as error:
        raise ModelRefused(f"{path.name} cannot be opened: {reason(error)}") from error
    except Exception as error:  # the reader has no errors of its own
        if "not supported" in str(error):
            raise ModelRefused(f"{path.name} cannot be opened: {reason(error)}") from error
        raise DamagedRun(f"{path.name} cannot be read ({reason(error)}): fetch it again") from error
