"""Looking inside a pass: parts, gradients and texts that grow are computed in the original space,
and only then placed in the picture.

Every function answers a question of insights.py with its answer and tensors. A model without a part
that is asked for is named.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from layerfold.data.reference_states import viewed
from layerfold.errors import InputError, NotSupported
from layerfold.interp.ablation import Scaling, ablate
from layerfold.interp.attention import patterns
from layerfold.interp.decomposition import (
    Part,
    before,
    decompose,
    direct_logit_attribution,
    promoted,
)
from layerfold.interp.generation import Generation, Sampling, generate
from layerfold.interp.gradients import Objective, first_order, gradients
from layerfold.interp.head_types import HEAD_TYPES, HeadTypes, head_types
from layerfold.interp.jacobian import Map, jacobian, site_maps
from layerfold.interp.linear_projection import LinearProjection
from layerfold.interp.logit_lens import log_softmax
from layerfold.interp.session import Session, never, stop_if
from layerfold.model.forward import network_of
from layerfold.model.network import Network
from layerfold.records import Floats, Sentence
from layerfold.server.protocol.inspect import (
    Bend,
    Bent,
    Dissect,
    Dissected,
    Imagined,
    Promote,
    Promoted,
    PromotedPart,
    Push,
    Pushed,
    Reframe,
    Role,
    Stepped,
    Walk,
    WhatIf,
    Word,
)

Tensors = Mapping[str, Floats]
Cancelled = Callable[[], bool]
WORDS: Final = 5
STEP: Final = 0.1  # of a state's length: its most stretched direction
READ: Final = 48  # reference texts on which heads are tested


class ModelInternals:
    """The inside of a run's passes over sentences of at most ``max_tokens`` (what the model reads
    by default).
    """

    def __init__(self, run: Session, max_tokens: int | None = None) -> None:
        self.run = run
        self.max_tokens = max_tokens

    def dissect(self, question: Dissect, cancelled: Cancelled = never) -> tuple[Dissected, Tensors]:
        """The pass in its parts; raises StepNotFound, EmptyText, TextTooLong, InputError,
        DamagedRun, Cancelled.
        """
        model, sentence = self._open(question, cancelled)
        found = decompose(model, sentence.ids)
        if found.patterns is None:
            raise NotSupported(model.missing("L*.attn.pattern"))
        stop_if(cancelled)
        # [layer, part, token, d]
        attention = np.concatenate([found.attention[:, None], found.heads], axis=1)
        tensors = {"patterns": found.patterns, "positions": self._places(question, found.states)}
        for half, name, parts in (
            ("attn", "attention", attention),
            ("mlp", "mlp", found.mlps[:, None]),
        ):
            starts = np.array(
                [model.sites.index(before(model, layer, half)) for layer in range(model.n_layer)]
            )
            arrows = self._arrows(question, starts, found.states[starts], parts)
            tensors |= {
                f"{name}.{what}": values if half == "attn" else values[:, 0]
                for what, values in arrows.items()
            }
        layers, heads = found.patterns.shape[:2]
        held = self._head_types(question.step, model)
        return (
            Dissected(
                layers=layers,
                heads=heads,
                roles=held,
                bends=bends_of(viewed(found.states, self.run.atlas.view)),
            ),
            tensors,
        )

    def promote(self, question: Promote, cancelled: Cancelled = never) -> tuple[Promoted, Tensors]:
        """The words that each part of a token promotes; raises as ``dissect``."""
        model, sentence = self._open(question, cancelled)
        self._check_token(sentence, question.token)
        found = direct_logit_attribution(model, sentence.ids, question.token)
        told = [
            self._promoted(part, logits)
            for part, logits in zip(found.parts, found.logits, strict=True)
        ]
        return Promoted(token=question.token, parts=told), {}

    def bend(self, question: Bend, cancelled: Cancelled = never) -> tuple[Bent, Tensors]:
        """What each half of a layer does to the neighbourhood of a token; raises as ``dissect``."""
        model, sentence = self._open(question, cancelled)
        self._check_token(sentence, question.token)
        ids = sentence.ids[: question.token + 1] if model.causal else sentence.ids
        maps = site_maps(model, ids, question.token)
        raw = np.stack([state.numpy() for _, state in maps])
        values, ends = (
            np.full(raw.shape, np.nan, dtype=np.float32),
            np.repeat(raw[:, None], 6, axis=1),
        )
        for site, (forward, state) in enumerate(maps):
            stop_if(cancelled)
            values[site], directions = stretched(forward, state)
            reach = STEP * np.linalg.norm(raw[site]) * directions
            ends[site] += np.concatenate([reach, -reach])
        last = self.run.space(question.step).adapter.states(sentence.ids).values[:, question.token]
        sites = np.arange(len(last))
        shown = self._arrows(
            question,
            sites,
            last[:, None],
            np.concatenate([ends - raw[:, None], np.zeros_like(ends[:1])])[:, :, None],
        )
        axes = shown["tip"][:-1, :, 0].reshape(-1, 2, 3, 3).transpose(0, 2, 1, 3)
        moves = np.diff(viewed(last, self.run.atlas.view), axis=0)
        turn = np.full(len(last), np.nan, dtype=np.float32)
        turn[1:-1] = np.arccos(np.clip(cosines(moves[:-1], moves[1:]), -1, 1))
        trust = shown["trust"][:-1, :3, 0]
        return Bent(token=question.token, text=sentence.tokens[question.token].text), {
            "values": values,
            "axes": axes,
            "trust": trust,
            "turn": turn,
        }

    def imagine(self, question: WhatIf, cancelled: Cancelled = never) -> tuple[Imagined, Tensors]:
        """The pass with parts scaled, beside the one that is; raises as ``dissect``."""
        model, sentence = self._open(question, cancelled)
        plain, scaled = (
            ablate(model, sentence.ids, each) for each in (Scaling(), scaling_of(question))
        )
        stop_if(cancelled)
        was, now = log_softmax(plain.logits[-1]), log_softmax(scaled.logits[-1])
        divergence = float(max(0.0, (np.exp(was) * (was - now)).sum()))
        shares = np.exp(was), np.exp(now)
        words = {int(id) for share in shares for id in np.argsort(-share, kind="stable")[:WORDS]}
        told = Imagined(
            before=self._ranked(shares[0], words),
            after=self._ranked(shares[1], words),
            divergence=divergence,
        )
        return told, {
            "positions": self._places(question, scaled.states),
            "norm": norms(scaled.states),
        }

    def push(self, question: Push, cancelled: Cancelled = never) -> tuple[Pushed, Tensors]:
        """The gradient of a loss at every state and weight, drawn downhill; raises as
        ``dissect``.
        """
        model, sentence = self._open(question, cancelled)
        target = None if question.target is None else self._first_id(question.target)
        found = gradients(model, sentence.ids, Objective(question.position, target))
        stop_if(cancelled)
        states = self.run.space(question.step).adapter.states(sentence.ids).values
        lengths = norms(found.states)
        arrows = (
            -found.states
            * np.asarray(
                question.reach * norms(states) / np.maximum(lengths, 1e-30), dtype=np.float32
            )[..., None]
        )
        shown = self._arrows(question, np.arange(len(states)), states, arrows[:, None])
        agreement = first_order(model, sentence.ids, found, len(states) // 2, tries=8)
        told = Pushed(
            loss=found.loss,
            groups=list(found.groups),
            outer=found.outside,
            agreement=finite_or(agreement, 0.0),
        )
        trust = shown["trust"][:, 0]
        return told, {
            "tip": shown["tip"][:, 0],
            "trust": trust,
            "length": lengths,
            "losses": found.losses,
            "groups": found.layers,
        }

    def walk(
        self, question: Walk, cancelled: Cancelled = never
    ) -> Iterator[tuple[Stepped, Tensors]]:
        """Each new token of a text with what may come after it; with ``count`` 0 only that, where
        the text ends. Raises as ``dissect``.
        """
        model, sentence = self._open(question, cancelled)
        text = Generation(model, [*sentence.ids, *question.ids])
        sampling = Sampling(question.temperature, question.top_k, question.top_p)
        rng = np.random.default_rng((question.seed, len(text.ids)))
        if question.count == 0 or text.full:
            yield self._stepped(question, text, None, text.states[:, -1:], True)
        for n, new in enumerate(generate(text, question.count, sampling, rng), start=1):
            yield self._stepped(
                question,
                text,
                self._word(new.id, new.probability),
                new.states[:, None],
                n == question.count or text.full,
            )
            stop_if(cancelled)

    # ---- what they share

    def _open(self, question: Any, cancelled: Cancelled) -> tuple[Network, Sentence]:
        stop_if(cancelled)
        self.run.picture(question.projection)
        model = network_of(self.run.space(question.step).adapter)
        return model, self.run.tokenize(question.text, self.max_tokens)

    def _check_token(self, sentence: Sentence, token: int) -> None:
        if token >= len(sentence.tokens):
            raise InputError(
                f"The sentence has {len(sentence.tokens)} tokens, so there is no token {token}."
                " Count from 0."
            )

    def _places(self, question: Any, raw: Floats) -> Floats:
        """Where raw states [site, token, d] lie in the clouds of all sites: [site, token, 3]."""
        states, picture = viewed(raw, self.run.atlas.view), self.run.picture(question.projection)
        if isinstance(picture, LinearProjection):
            return picture.place(states, question.step)
        return self.run.space(question.step).placer.place(states).positions

    def _arrows(
        self, question: Any, chosen: NDArray[np.int64], starts: Floats, parts: Floats
    ) -> dict[str, Floats]:
        """Arrows of ``parts`` [from, part, token, d] from raw ``starts`` [from, token, d]: tip,
        length, cosine with the first part, trust.

        ``chosen`` are the sites they start at; a tip lies in the cloud that its arrow starts in.
        """
        sites = len(self.run.sites)
        count, tokens, d = parts.shape[1], parts.shape[2], parts.shape[3]
        tips = starts[:, None] + parts
        grid = np.zeros((sites, (count + 1) * tokens, d), dtype=np.float32)
        grid[chosen] = np.concatenate([starts[:, None], tips], axis=1).reshape(len(chosen), -1, d)
        grid[np.setdiff1d(np.arange(sites), chosen)] = grid[chosen[0]]
        placed = self._places(question, grid)[chosen].reshape(len(chosen), count + 1, tokens, 3)
        shown = np.linalg.norm(placed[:, 1:] - placed[:, :1], axis=-1)
        view = self.run.atlas.view
        true = np.linalg.norm(viewed(tips, view) - viewed(starts, view)[:, None], axis=-1)
        slope = self._slope(question)[np.minimum(chosen, sites - 2)][:, None, None]
        trust = np.divide(shown, true * slope, out=np.ones_like(true), where=true * slope > 0)
        return {
            "tip": placed[:, 1:],
            "length": norms(parts),
            "cosine": cosines(parts, parts[:, :1]),
            "trust": trust.astype(np.float32),
        }

    def _slope(self, question: Any) -> Floats:
        picture = self.run.picture(question.projection)
        return (
            picture.slope(question.step)
            if isinstance(picture, LinearProjection)
            else self.run.space(question.step).slope
        )

    def _head_types(self, step: int, model: Network) -> list[Role]:
        """The types of the heads on the reference's own texts, at a step; computed once."""
        texts = [
            [int(id) for id in row if id >= 0] for row in self.run.atlas.reference.windows[:READ]
        ]

        def compute() -> Floats:
            found = head_types([patterns(model, text)[:, 0] for text in texts], texts, model.causal)
            return np.concatenate(
                [found.scores.reshape(len(HEAD_TYPES), -1), found.even[:, None]], axis=1
            )

        kept = self.run.cache.get(
            {"what": "head types", "checkpoint": self.run.run.origin(step), "texts": texts}, compute
        )
        found = HeadTypes(
            kept[:, :-1].reshape(len(HEAD_TYPES), model.n_layer, model.n_head), kept[:, -1]
        )
        return [
            Role(
                layer=int(layer),
                head=int(head),
                role=HEAD_TYPES[kind],
                score=round(float(found.scores[kind, layer, head]), 4),
            )
            for kind, layer, head in zip(*np.nonzero(found.passing), strict=True)
        ]

    def _stepped(
        self, question: Walk, text: Generation, token: Word | None, states: Floats, last: bool
    ) -> tuple[Stepped, Tensors]:
        ahead = text.next_tokens(WORDS)
        branches = [self._word(id, share) for id, share in ahead.likeliest]
        outside = self.run.space(question.step).placer.near(viewed(states, self.run.atlas.view))[2]
        told = Stepped(token=token, ids=text.ids, branches=branches, rest=ahead.rest, last=last)
        there = self._places(question, text.peek([id for id, _ in ahead.likeliest]))
        return told, {
            "positions": self._places(question, states),
            "outside": outside,
            "norm": norms(states),
            "branches": there,
        }

    def _promoted(self, part: Part, logits: Floats) -> PromotedPart:
        found = promoted(logits, WORDS)
        up, down = (
            [self._word(id, value) for id, value in side] for side in (found.up, found.down)
        )
        return PromotedPart(part=part.kind, layer=part.layer, head=part.head, up=up, down=down)  # type: ignore[arg-type]

    def _ranked(self, shares: Any, ids: Collection[int]) -> list[Word]:
        return [
            self._word(id, float(shares[id]))
            for id in sorted(ids, key=lambda id: (-shares[id], id))
        ]

    def _word(self, id: int, value: float) -> Word:
        return Word(id=id, text=self.run.tokenizer.text_of(id), value=value)

    def _first_id(self, word: str) -> int:
        """The first token of a word as it stands after another one."""
        ids = self.run.tokenizer.ids([word])[0]
        if not ids:
            raise InputError("The target is empty: name a word.")
        return ids[0]


def stretched(forward: Map, state: Tensor) -> tuple[Floats, Floats]:
    """All singular values [d] of a map at a state, largest first, and the three most stretched
    directions [3, d], each as long as its value is to the largest; NaN, and no directions, where
    the Jacobian is not finite.
    """
    matrix = jacobian(forward, state).detach().double()
    if not bool(matrix.isfinite().all()):
        return np.full(len(state), np.nan, dtype=np.float32), np.zeros(
            (3, len(state)), dtype=np.float32
        )
    _, values, directions = torch.linalg.svd(matrix)
    few = directions[:3] * (values[:3] / values[0].clamp_min(1e-30))[:, None]
    rows = np.zeros((3, len(state)), dtype=np.float32)
    rows[: len(few)] = few.numpy()
    return np.asarray(values.numpy(), dtype=np.float32), rows


def scaling_of(question: WhatIf | Reframe) -> Scaling:
    """The factors of a question; raises InputError for a head that is not named."""
    parts: dict[str, dict[Any, float]] = {"attention": {}, "mlp": {}, "head": {}, "residual": {}}
    for one in question.factors:
        if (one.part == "head") != (one.head is not None):
            raise InputError("A factor of the part 'head' names a head, the others do not.")
        parts[one.part][one.layer if one.head is None else (one.layer, one.head)] = one.factor
    return Scaling(parts["attention"], parts["mlp"], parts["head"], parts["residual"])


def norms(values: Floats) -> Floats:
    """Euclidean lengths over the last axis."""
    return np.asarray(np.linalg.norm(values, axis=-1), dtype=np.float32)


def cosines(values: Floats, others: Floats) -> Floats:
    """Cosines over the last axis; 0 where a vector has no length."""
    lengths = norms(values) * norms(others)
    return np.asarray(
        np.divide(
            (values * others).sum(axis=-1), lengths, out=np.zeros_like(lengths), where=lengths > 0
        )
    )


def bends_of(states: Floats) -> list[float | None]:
    """The mean angle between a token's way to each site and its way on, radians; null at both ends:
    states [site, token, d].
    """
    moves = np.diff(states, axis=0)
    angles = (
        np.arccos(np.clip(cosines(moves[:-1], moves[1:]), -1, 1)).mean(axis=-1)
        if len(moves) > 1
        else []
    )
    return [None, *(round(float(angle), 5) for angle in angles), None]


def finite_or(value: float, other: float) -> float:
    """The value where it is a number."""
    return value if np.isfinite(value) else other
