"""Where the residual stream of a live model is seen: our GPT, models of Hugging Face, and plain
modules by a small map of sites.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn

from layerfold.errors import InputError, LayerfoldError
from layerfold.model.gpt import GPT
from layerfold.model.huggingface.adapter import Taps, tap
from layerfold.model.huggingface.outline import outline_of_network
from layerfold.model.huggingface.shape import LONGEST
from layerfold.model.huggingface.structure import inputs_of
from layerfold.recording.isolation import device_of, untouched
from layerfold.records import Floats, Ints, site_named, sites_of

Place = str | Callable[[Any], nn.Module]
Call = Callable[[Any, Tensor], Any]
INPUT: Final = "input:"
CALLED: Final = "#"
AHEAD: Final = 1e-4  # of the largest number: what changes less does not depend on a token
ALIKE: Final = 1e-2  # of the largest number: what another batch may round away


@dataclass(frozen=True)
class Tap:
    """A module, whether its first input or its output is the state, and at which of its calls in a
    pass, from 1; 0: it has but one.
    """

    module: nn.Module
    entering: bool
    call: int = 0


class Stream:
    """A live model as something that gives states; ``shape`` is what a card says of it."""

    def __init__(
        self,
        model: nn.Module,
        sites: Sequence[str],
        shape: Mapping[str, Any],
        run: Callable[[Tensor], Sequence[Tensor]],
    ) -> None:
        self.model, self.sites, self.shape = model, tuple(sites), dict(shape)
        self._run = run

    def sees_ahead(self, window: Sequence[int]) -> bool:
        """Whether a token's states depend on those after it: some change before the last token when
        that becomes another.
        """
        if len(window) < 2:
            return not self.shape["causal"]
        other = [*window[:-1], (window[-1] + 1) % int(self.shape["vocab_size"])]
        one, two = self.batch_states(np.array([window, other], dtype=np.int32)).swapaxes(0, 1)[
            ..., : len(window) - 1, :
        ]
        return float(np.abs(one - two).max()) > AHEAD * float(np.abs(one).max())

    def batch_states(self, windows: Ints) -> Floats:
        """The raw states of windows [window, length] of equal length: [site, window, length, d];
        the model is left as it was.

        Raises InputError where a module gives something else.
        """
        # then nobody could tell window and place apart
        square = windows.shape[0] == windows.shape[1]
        ids = torch.from_numpy(
            np.asarray(
                np.concatenate((windows, windows[:1])) if square else windows, dtype=np.int64
            )
        )
        with untouched(self.model):
            found = self._run(ids.to(device_of(self.model)))
            # rows in one heap do not say whether they go on with the window or with the place
            heaped = len(ids) > 1 and any(_is_heap(value) for value in found)
            first = self._run(ids[:1].to(device_of(self.model))) if heaped else [None] * len(found)
            rows = [
                _laid(value, ids.shape, site, alone)
                for value, site, alone in zip(found, self.sites, first, strict=True)
            ]
        widths = {site: row.shape[-1] for site, row in zip(self.sites, rows, strict=True)}
        if len(set(widths.values())) > 1:
            raise InputError(
                f"the states of the sites differ in width ({widths}): all must lie in one stream"
            )
        return np.stack([row.to("cpu", torch.float32).numpy()[: len(windows)] for row in rows])


def stream_of(
    model: nn.Module,
    sites: Mapping[str, Place] | None,
    call: Call | None,
    vocabulary: int,
    length: int,
) -> Stream:
    """The stream of an unwrapped model; raises InputError where it is not known and ``sites`` does
    not say where it is.
    """
    if sites:
        return _of_sites(model, sites, call, vocabulary, length)
    if isinstance(model, GPT):
        return _of_gpt(model)
    if hasattr(model, "get_base_model"):  # adapters of peft, whose weights lie beside the model's
        found = stream_of(model.get_base_model(), sites, call, vocabulary, length)  # type: ignore[operator]
        found.shape["weights"] = None
        return found
    if "transformers" in sys.modules and isinstance(
        model, sys.modules["transformers"].PreTrainedModel
    ):
        return _within_positions(_of_hub(model))
    raise InputError(
        f'where {type(model).__name__} keeps its stream is not known: give sites={{"embed":'
        ' "tok_emb", "L0.post": "blocks.0", …}'
    )


def _within_positions(stream: Stream) -> Stream:
    """The stream with windows no longer than its positions: RoBERTa's begin after that of its
    padding.
    """
    for name, part in stream.model.named_modules():
        if (
            isinstance(part, nn.Embedding)
            and name.endswith("position_embeddings")
            and part.padding_idx is not None
        ):
            stream.shape["block_size"] = min(
                stream.shape["block_size"], part.num_embeddings - part.padding_idx - 1
            )
    return stream


def check_sites(sites: Mapping[str, Place]) -> tuple[str, ...]:
    """The names of the sites in the order a token meets them; raises InputError."""
    try:
        named = [site_named(0, name) for name in sites]
    except ValueError as error:
        raise InputError(f"sites names {error}") from None
    wrong = next(
        (
            name
            for name, place in sites.items()
            if not (callable(place) or (isinstance(place, str) and place))
        ),
        None,
    )
    if wrong is not None:
        raise InputError(
            f"the place of site {wrong} is {sites[wrong]!r}: give a module's path, or a function"
            " from the model to a module"
        )
    order = sorted(named, key=lambda site: (site.layer, site.part == "post"))
    return tuple(site.name for site in order)


def _of_gpt(model: GPT) -> Stream:
    config = model.config
    shape = {
        "family": "gpt",
        "vocab_size": config.vocab_size,
        "block_size": config.block_size,
        "causal": True,
    }
    shape |= {"weights": "gpt", "shape": config.card()}
    return Stream(
        model,
        [site.name for site in sites_of(config.n_layer)],
        shape,
        lambda ids: list(model.sites(ids)),
    )


def _of_hub(model: Any) -> Stream:
    try:
        outline = outline_of_network(model)
    except LayerfoldError as error:
        raise InputError(f"{error}: say where its stream is with sites={{…}}") from None
    if outline.structure is None or outline.stream:
        raise InputError(
            f"where a {type(model).__name__} keeps its stream is not known: say where with"
            " sites={…}"
        )
    try:
        structure = outline.structure.bound(outline.network, model)
    except LayerfoldError as error:
        raise InputError(f"{error}: say where its stream is with sites={{…}}") from None
    body = model.get_submodule(structure.body)
    names = [
        site.name for site in sites_of(outline.n_layer) if site.part != "mid" or structure.has_mid
    ]
    shape = {
        "family": outline.family,
        "vocab_size": outline.vocab_size,
        "block_size": min(LONGEST, outline.positions),
        "causal": outline.causal,
    }

    def run(ids: Tensor) -> Sequence[Tensor]:
        caught: list[Tensor] = []
        taps = Taps()
        handles = tap(structure, taps, structure.has_mid)
        taps.caught = caught
        try:
            body(**inputs_of(body, ids))
        finally:
            for handle in handles:
                handle.remove()
        return caught

    return Stream(model, names, shape | {"weights": "hf"}, run)


def _of_sites(
    model: nn.Module, sites: Mapping[str, Place], call: Call | None, vocabulary: int, length: int
) -> Stream:
    names = check_sites(sites)
    taps = [_tap(model, name, sites[name]) for name in names]
    shape = {
        "family": type(model).__name__,
        "vocab_size": vocabulary,
        "block_size": length,
        "causal": True,
        "weights": None,
    }
    run = call or (lambda network, ids: network(ids))
    return Stream(model, names, shape, lambda ids: _tapped(taps, lambda: run(model, ids)))


def _tap(model: nn.Module, name: str, place: Place) -> Tap:
    entering, number = False, 0
    if not isinstance(place, str):
        module = place(model)
    else:
        path, _, said = place.removeprefix(INPUT).partition(CALLED)
        if said and not (said.isascii() and said.isdigit() and int(said)):
            raise InputError(
                f"the place of site {name} is {place!r}: after {CALLED} stands which call of the"
                " module is meant, from 1"
            )
        entering, number = place.startswith(INPUT), int(said or 0)
        try:
            module = _at(model, path)
        except (AttributeError, IndexError):
            raise InputError(
                f"the model has no module {path!r} for site {name}: see model.named_modules()"
            ) from None
    if not isinstance(module, nn.Module):
        raise InputError(
            f"the place of site {name} is a {type(module).__name__} and no module: give the path of"
            " a module"
        )
    return Tap(module, entering, number)


def _at(module: nn.Module, path: str) -> Any:
    return reduce(getattr, path.split("."), module)


def _tapped(taps: Sequence[Tap], run: Callable[[], Any]) -> list[Tensor]:
    """What passed the taps while ``run`` ran, each at its call; raises InputError where a module
    ran otherwise than was said.
    """
    caught: list[list[Tensor]] = [[] for _ in taps]
    handles = [_hung(tap, calls) for tap, calls in zip(taps, caught, strict=True)]
    try:
        run()
    finally:
        for handle in handles:
            handle.remove()
    return [_called(tap, calls) for tap, calls in zip(taps, caught, strict=True)]


def _called(tap: Tap, calls: Sequence[Tensor]) -> Tensor:
    kind, count = type(tap.module).__name__, len(calls)
    if not calls:
        raise InputError(
            f"a {kind} was not called while the model ran: choose another place for its site"
        )
    if not tap.call and count > 1:
        raise InputError(
            f"a {kind} ran {count} times in one pass: write which at the end of its path, as in"
            f" 'block{CALLED}1', a site each"
        )
    if tap.call > count:
        raise InputError(
            f"a {kind} ran {count} times in one pass, and {CALLED}{tap.call} was asked for: choose"
            " one of those"
        )
    return calls[tap.call - 1]


def _hung(tap: Tap, calls: list[Tensor]) -> Any:
    def enter(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        calls.append(args[0] if args else next(iter(kwargs.values())))

    def leave(module: nn.Module, args: tuple[Any, ...], output: Any) -> None:
        calls.append(output[0] if isinstance(output, tuple | list) else output)

    return (
        tap.module.register_forward_pre_hook(enter, with_kwargs=True)
        if tap.entering
        else tap.module.register_forward_hook(leave)
    )


def _is_heap(value: Any) -> bool:
    """Whether it is rows of all windows, one after another."""
    return isinstance(value, Tensor) and value.dim() == 2


def _parted(value: Tensor, shape: torch.Size, site: str, first: Any) -> Tensor:
    """Rows in one heap as [window, length, d], in the order in which the ``first`` window is as it
    is alone; raises InputError where that is in none.
    """
    windows, length = shape
    ways = (value.reshape(windows, length, -1), value.reshape(length, windows, -1).transpose(0, 1))
    if not isinstance(first, Tensor):
        return ways[0]
    alone = first.reshape(length, -1)
    off = [float((way[0] - alone).abs().max()) for way in ways]
    if min(off) > ALIKE * float(alone.abs().max()):
        raise InputError(
            f"site {site} gives the rows of all windows in one heap, and in no order of them is a"
            " window as it is alone: choose another place"
        )
    return ways[off.index(min(off))]


def _laid(value: Any, shape: torch.Size, site: str, first: Any = None) -> Tensor:
    """A state as [window, length, d]; raises InputError where it has another form. ``first`` is
    that of the first window alone, where it is needed.
    """
    windows, length = shape
    if isinstance(value, Tensor) and value.is_floating_point():
        if value.dim() == 3 and value.shape[:2] == (windows, length):
            return value
        if value.dim() == 3 and value.shape[:2] == (length, windows):
            return value.transpose(0, 1)
        if _is_heap(value) and value.shape[0] == windows * length:
            return _parted(value, shape, site, first)
    said = tuple(value.shape) if isinstance(value, Tensor) else type(value).__name__
    raise InputError(
        f"site {site} gives {said}, wanted is [window, length, d] with {windows} windows of"
        f" {length}: choose another place"
    )
