"""What can be trained in the page: three tasks, four optimisers, and the numbers that may be
chosen, each within its bounds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from layerfold.errors import CorpusError, InputError
from layerfold.model.tokenizers.byte_level import Tokenizer
from layerfold.training.recipe import Recipe

OPTIMISERS: Final = ("sgd", "momentum", "adam", "adamw")
TEXT_BYTES: Final = 1 << 20
LEAST_TEXT: Final = 10_000
REFERENCE: Final = 1000  # tokens of the clouds: a step joins them while the next is trained
MOST_VOCABULARY: Final = 1024
HELD_OUT: Final = (2_500, 24_000)  # bytes of a text that are tested on, a tenth of it within these


@dataclass(frozen=True)
class Offer:
    """A task as it is offered, and the recipe behind it; ``numbers`` are the defaults that suit it
    with AdamW, ``suited`` what others want.

    AdamW's rates are lengths of steps, SGD's multiply gradients; its decay shrinks weights beside
    the step, that of the others is a part of the gradient: what suits one is a hundred times wrong
    for the other.
    """

    name: str
    words: tuple[str, str, str, str]
    recipe: Mapping[str, Any]
    numbers: Mapping[str, float]
    suited: Mapping[str, Mapping[str, float]]
    optimizer: str = "adamw"
    text: bool = False
    like: str = ""  # a recipe whose examples are its own


class Order(Protocol):
    """A training that is asked for; what it does not name is as suits the task."""

    @property
    def task(self) -> str: ...

    @property
    def text(self) -> str | None: ...

    @property
    def optimizer(self) -> str: ...

    @property
    def numbers(self) -> Mapping[str, float]: ...


OFFERS: Final = (
    Offer(
        "modular-addition",
        (
            "Modular addition, p = 53",
            "模 53 加法",
            (
                "A one-layer network learns 40 % of all sums modulo 53. It memorises them within a"
                " hundred steps, and about a thousand steps later understands all of them at once:"
                " grokking. Weight decay makes it; plain SGD may never get there."
            ),
            (
                "单层网络学习模 53 加法的 40 % 的题目：一百步内就背熟，"
                "约一千步之后才突然学会全部题目，"
                "即“顿悟”（grokking）。它靠权重衰减促成；普通 SGD 在这些步数内可能到不了。"
            ),
        ),
        {
            **{
                "task": "modular-addition",
                "n_layer": 1,
                "n_head": 4,
                "d_model": 128,
                "mlp": 2,
                "block_size": 4,
            },
            **{
                "norm": False,
                "bias": False,
                "tied": False,
                "activation": "relu",
                "warmup": 10,
                "schedule": "constant",
            },
            **{
                "decayed": "everything",
                "beta2": 0.98,
                "clip": 0.0,
                "test_every": 10,
                "log_every": 10,
                "resume_every": 250,
            },
            **{"parameters": {"p": 53, "share": 0.4}},
        },
        {"learning_rate": 5e-3, "weight_decay": 1.0, "batch_size": 1123, "steps": 2000, "seed": 0},
        {
            "sgd": {"learning_rate": 0.3, "weight_decay": 0.0},
            "momentum": {"learning_rate": 0.3, "weight_decay": 1e-3},
            "adam": {"learning_rate": 5e-3, "weight_decay": 1e-4},
        },
        like="modular-addition-53",
    ),
    Offer(
        "belief-simplex",
        (
            "Belief simplex",
            "信念单纯形",
            (
                "A two-layer network reads letters of a hidden process with three states, and comes"
                " to carry what an exact observer believes: a fractal triangle."
            ),
            "双层网络读取一个三状态隐过程发出的字母，并逐渐在内部表示出精确观察者的信念：一个分形三角形。",
        ),
        {
            **{
                "task": "belief-simplex",
                "n_layer": 2,
                "n_head": 2,
                "d_model": 64,
                "mlp": 2,
                "block_size": 16,
                "warmup": 50,
            },
            **{
                "beta2": 0.98,
                "log_every": 10,
                "resume_every": 250,
                "parameters": {"x": 0.05, "alpha": 0.6},
            },
        },
        {"learning_rate": 3e-3, "weight_decay": 0.1, "batch_size": 64, "steps": 2000, "seed": 0},
        {
            "sgd": {"learning_rate": 0.3, "weight_decay": 0.0},
            "momentum": {"learning_rate": 0.1, "weight_decay": 0.0},
            "adam": {"learning_rate": 3e-3, "weight_decay": 0.0},
        },
        like="belief-simplex",
    ),
    Offer(
        "text",
        (
            "A text of your own",
            "自己的文本",
            (
                "A four-layer network learns the text that you paste, from nothing: 10 kB at least,"
                " a book is better. It learns its letters, words and manner, hardly its meaning."
            ),
            (
                "四层网络从零开始学习你粘贴的文本：至少 10 kB，一本书更好。它能学会其中的字母、"
                "词语和文风，很难学会含义。"
            ),
        ),
        {
            **{
                "n_layer": 4,
                "n_head": 4,
                "d_model": 64,
                "block_size": 128,
                "warmup": 50,
                "precision": "float32",
            },
            **{"held_out": 0.05, "log_every": 10, "resume_every": 100},
        },
        {"learning_rate": 4e-3, "weight_decay": 0.1, "batch_size": 16, "steps": 1000, "seed": 0},
        {
            "sgd": {"learning_rate": 0.3, "weight_decay": 0.0},
            "momentum": {"learning_rate": 0.1, "weight_decay": 0.0},
            "adam": {"learning_rate": 4e-3, "weight_decay": 0.0},
        },
        text=True,
    ),
)

SUITED: Final = ("learning_rate", "weight_decay")  # what depends on the optimiser
LEAST_VOCABULARY: Final = 260  # the bytes, the sign at the end of a text, and some words
# Name: titles, bounds, whether it is whole, whether it counts by factors.
NUMBERS: Final[Mapping[str, tuple[str, str, float, float, bool, bool]]] = {
    "learning_rate": ("learning rate", "学习率", 1e-5, 10.0, False, True),
    "weight_decay": ("weight decay", "权重衰减", 0.0, 10.0, False, False),
    "batch_size": ("batch size", "批大小", 1, 2048, True, True),
    "steps": ("steps", "步数", 50, 20_000, True, True),
    "seed": ("seed", "随机种子", 0, 9999, True, False),
}


def checked(job: Order) -> tuple[Offer, str, dict[str, float]]:
    """The offer, the optimiser and all numbers of a job, those not named as suits it; raises
    InputError, CorpusError.
    """
    offer = next((one for one in OFFERS if one.name == job.task), None)
    if offer is None:
        raise InputError(
            f"There is no task {job.task!r}. There are: {', '.join(one.name for one in OFFERS)}."
        )
    optimizer = job.optimizer or offer.optimizer
    if optimizer not in OPTIMISERS:
        raise InputError(
            f"There is no optimiser {optimizer!r}. There are: {', '.join(OPTIMISERS)}."
        )
    numbers = {**offer.numbers, **offer.suited.get(optimizer, {})}
    for name, value in job.numbers.items():
        numbers[name] = _within(name, value)
    _check_text(offer, job.text)
    return offer, optimizer, numbers


def _within(name: str, value: float) -> float:
    if name not in NUMBERS:
        raise InputError(f"There is no number {name!r}. There are: {', '.join(NUMBERS)}.")
    title, _, low, high, whole, _ = NUMBERS[name]
    if not low <= value <= high:
        raise InputError(
            f"The {title} {value:g} is out of bounds: choose from {low:g} to {high:g}."
        )
    if whole and value != int(value):
        raise InputError(f"The {title} {value:g} is not a whole number.")
    return value


def _check_text(offer: Offer, text: str | None) -> None:
    if not offer.text:
        if text is not None:
            raise InputError(f"The task {offer.name} learns from no text: leave it out.")
        return
    try:
        size = len((text or "").encode())
    except UnicodeEncodeError:
        raise CorpusError(
            "The text holds half of a character: save it as UTF-8 and try again."
        ) from None
    if text and not text.strip():
        raise CorpusError("The text is empty: there is nothing to learn from.")
    if "\0" in (text or ""):
        raise CorpusError("The text holds a NUL, so it is no plain text: choose a text file.")
    if not LEAST_TEXT <= size <= TEXT_BYTES:
        raise CorpusError(
            f"The text has {size:,} bytes: give {LEAST_TEXT:,} to {TEXT_BYTES:,} of them."
        )


def recipe_of(
    offer: Offer,
    optimizer: str,
    numbers: Mapping[str, float],
    named: tuple[str, str],
    corpus: str = "",
    text: str = "",
) -> str:
    """The recipe of a job as TOML, ``named`` by name and title; ``text`` lies in ``corpus``, and
    decides the vocabulary.

    Raises CorpusError for a text of which there is nothing to learn.
    """
    name, title = named
    steps = int(numbers["steps"])
    values: dict[str, Any] = {
        "name": name,
        "title": title,
        "description": offer.words[2],
        **offer.recipe,
        "optimizer": optimizer,
    }
    values |= {
        key: int(value) if NUMBERS[key][4] else float(value) for key, value in numbers.items()
    }
    values |= {"checkpoints": list(checkpoints(steps)), "reference": REFERENCE}
    if corpus:
        values |= {"corpus": corpus, **_read(text)}
    parameters = values.pop("parameters", {})
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()]
    lines += (
        ["", "[parameters]", *(f"{key} = {json.dumps(value)}" for key, value in parameters.items())]
        if parameters
        else []
    )
    for example in Recipe.load(offer.like).examples if offer.like else ():
        lines += [
            "",
            "[[examples]]",
            *(
                f"{key} = {json.dumps(value, ensure_ascii=False)}"
                for key, value in vars(example).items()
            ),
        ]
    # which JSON writes as it is, and TOML does not read
    return "\n".join(lines).replace("\x7f", "\\u007f") + "\n"


def _read(text: str) -> dict[str, Any]:
    """The vocabulary that a text yields, a smaller one of a short text, and how much of it is held
    out.
    """
    size = len(text.encode())
    vocabulary = len(Tokenizer.train((text,), min(MOST_VOCABULARY, max(384, size // 100))))
    if vocabulary < LEAST_VOCABULARY:
        raise CorpusError(
            "The text says the same again and again: there are no words to learn from. Choose"
            " another."
        )
    return {
        "vocab_size": vocabulary,
        "held_out": min(HELD_OUT[1], max(HELD_OUT[0], size / 10)) / size,
    }


def checkpoints(steps: int) -> tuple[int, ...]:
    """Two an octave from the first step on, and evenly over the whole: about thirty, 0 and the last
    among them.
    """
    octaves = [round(2 ** (half / 2)) for half in range(4, 64) if 2 ** (half / 2) < steps]
    even = [round(steps * part / 16) for part in range(1, 17)]
    return tuple(sorted({0, *octaves, *even}))


def bytes_of(offer: Offer, steps: int) -> int:
    """About what a run takes on disk: its checkpoints in half numbers and its clouds."""
    recipe = offer.recipe
    d, layers = int(recipe["d_model"]), int(recipe["n_layer"])
    weights = (
        layers * (4 + 2 * int(recipe.get("mlp", 4))) * d * d
        + 1024 * d
        + int(recipe["block_size"]) * d
    )
    clouds = (2 * layers + 1) * REFERENCE * 8
    return len(checkpoints(steps)) * (2 * weights + clouds)


def titles(offers: Sequence[Offer] = OFFERS) -> dict[str, str]:
    """What each task is called."""
    return {offer.name: offer.words[0] for offer in offers}
