"""Looking inside a pass: parts, pushes and walks are computed in the original space, and only then
placed in the picture.

Every function answers a question of insights.py with its answer and tensors. What needs our own GPT
says so where it is another.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from layerfold.data.reference_states import viewed
from layerfold.errors import InputError
from layerfold.interp import ablation as whatif
from layerfold.interp import decomposition as anatomy
from layerfold.interp import generation as walking
from layerfold.interp import gradients as pushing
from layerfold.interp import head_types as roles
from layerfold.interp.jacobian import Map, jacobian, local_maps
from layerfold.interp.linear_projection import LinearProjection
from layerfold.interp.logit_lens import log_softmax
from layerfold.interp.session import Session, never, stop_if
from layerfold.model.gpt import GPT
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
        found = anatomy.anatomy_of(model, sentence.ids)
        stop_if(cancelled)
        # [layer, part, token, d]
        attention = np.concatenate([found.attention[:, None], found.heads], axis=1)
        mlp = found.mlp + found.mlp_bias[:, None]
        tensors = {"patterns": found.patterns, "positions": self._places(question, found.states)}
        tensors |= {
            f"attention.{name}": values
            for name, values in self._arrows(question, found.states[0:-1:2], attention, 0).items()
        }
        told = self._arrows(question, found.states[1::2], mlp[:, None], 1)
        tensors |= {f"mlp.{name}": values[:, 0] for name, values in told.items()}
        layers, heads = found.patterns.shape[:2]
        held = self._roles(question.step, model)
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
        found = anatomy.anatomy_of(model, sentence.ids[: question.token + 1])
        at = question.token
        parts: list[tuple[dict[str, Any], Floats]] = [({"part": "embed"}, found.states[0, at])]
        for layer in range(len(found.mlp)):
            parts.append(({"part": "attention", "layer": layer}, found.attention[layer, at]))
            parts += [
                ({"part": "head", "layer": layer, "head": head}, part[at])
                for head, part in enumerate(found.heads[layer])
            ]
            parts.append(
                ({"part": "mlp", "layer": layer}, found.mlp[layer, at] + found.mlp_bias[layer])
            )
        effects = anatomy.direct_effect(
            model, found.states[-1, at], np.stack([part for _, part in parts])
        )
        told = [
            self._promoted(name, effect) for (name, _), effect in zip(parts, effects, strict=True)
        ]
        return Promoted(token=at, parts=told), {}

    def bend(self, question: Bend, cancelled: Cancelled = never) -> tuple[Bent, Tensors]:
        """What each half of a layer does to the neighbourhood of a token; raises as ``dissect``."""
        model, sentence = self._open(question, cancelled)
        self._check_token(sentence, question.token)
        maps = local_maps(model, sentence.ids[: question.token + 1], question.token)
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
        shown = self._arrows(
            question,
            last[:, None],
            np.concatenate([ends - raw[:, None], np.zeros_like(ends[:1])])[:, :, None],
            None,
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
        _, plain = whatif.scaled_pass(model, sentence.ids, whatif.Scales())
        states, logits = whatif.scaled_pass(model, sentence.ids, scales_of(question))
        stop_if(cancelled)
        before, after = log_softmax(plain[-1]), log_softmax(logits[-1])
        divergence = float(max(0.0, (np.exp(before) * (before - after)).sum()))
        shares = np.exp(before), np.exp(after)
        words = {int(id) for share in shares for id in np.argsort(-share, kind="stable")[:WORDS]}
        told = Imagined(
            before=self._ranked(shares[0], words),
            after=self._ranked(shares[1], words),
            divergence=divergence,
        )
        return told, {"positions": self._places(question, states), "norm": norms(states)}

    def push(self, question: Push, cancelled: Cancelled = never) -> tuple[Pushed, Tensors]:
        """The push of a loss on every state and weight; raises as ``dissect``."""
        model, sentence = self._open(question, cancelled)
        target = None if question.target is None else self._first_id(question.target)
        found = pushing.push_of(model, sentence.ids, pushing.Aim(question.position, target))
        stop_if(cancelled)
        states = self.run.space(question.step).adapter.states(sentence.ids).values
        lengths = norms(found.push)
        arrows = (
            found.push
            * np.asarray(
                question.reach * norms(states) / np.maximum(lengths, 1e-30), dtype=np.float32
            )[..., None]
        )
        shown = self._arrows(question, states, arrows[:, None], None)
        agreement = (
            pushing.first_order(model, sentence.ids, found, len(states) // 2, tries=8)
            if len(sentence.ids) > 1
            else float("nan")
        )
        told = Pushed(
            loss=found.loss,
            groups=list(pushing.GROUPS),
            outer=found.outer,
            agreement=finite_or(agreement, 0.0),
        )
        trust = shown["trust"][:, 0]
        return told, {
            "tip": shown["tip"][:, 0],
            "trust": trust,
            "length": lengths,
            "losses": found.losses,
            "groups": found.groups,
        }

    def walk(
        self, question: Walk, cancelled: Cancelled = never
    ) -> Iterator[tuple[Stepped, Tensors]]:
        """Each new token of a walk with the fork after it; with ``count`` 0 only the fork where the
        text ends. Raises as ``dissect``.
        """
        model, sentence = self._open(question, cancelled)
        going = walking.Walk(model, [*sentence.ids, *question.ids])
        sampling = walking.Sampling(question.temperature, question.top_k, question.top_p)
        rng = np.random.default_rng((question.seed, len(going.ids)))
        if question.count == 0 or going.full:
            yield self._stepped(question, going, None, going.states[:, -1:], True)
        for n in range(question.count):
            if going.full:
                return
            stop_if(cancelled)
            fork = going.fork(WORDS)
            id = going.draw(sampling, rng)
            share = dict(fork.branches).get(id, going.share(id))
            states = going.take(id)[:, None]
            yield self._stepped(
                question,
                going,
                self._word(id, share),
                states,
                n + 1 == question.count or going.full,
            )

    # ---- what they share

    def _open(self, question: Any, cancelled: Cancelled) -> tuple[GPT, Sentence]:
        stop_if(cancelled)
        self.run.picture(question.projection)
        model = anatomy.network_of(self.run.space(question.step).adapter)
        return model, self.run.tokenize(question.text, self.max_tokens, question.special)

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
        self, question: Any, starts: Floats, parts: Floats, half: int | None
    ) -> dict[str, Floats]:
        """Arrows of ``parts`` [from, part, token, d] from raw ``starts`` [from, token, d]: tip,
        length, cosine with the first part, trust.

        ``from`` counts the sites 0, 2, … for ``half`` 0, 1, 3, … for 1, and all for None; a tip
        lies in the cloud that its arrow starts in.
        """
        sites = len(self.run.sites)
        chosen = np.arange(sites) if half is None else np.arange(half, sites - 1, 2)
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

    def _roles(self, step: int, model: GPT) -> list[Role]:
        """What the heads do on the reference's own texts, at a step."""
        reference = self.run.atlas.reference
        texts = [[int(id) for id in row if id >= 0] for row in reference.windows[:READ]]
        found = roles.roles_of([anatomy.anatomy_of(model, text).patterns for text in texts], texts)
        return [
            Role(
                layer=int(layer),
                head=int(head),
                role=roles.ROLES[role],
                score=round(float(found.scores[role, layer, head]), 4),
            )
            for role, layer, head in zip(*np.nonzero(found.held), strict=True)
        ]

    def _stepped(
        self, question: Walk, going: walking.Walk, token: Word | None, states: Floats, last: bool
    ) -> tuple[Stepped, Tensors]:
        fork = going.fork(WORDS)
        branches = [self._word(id, share) for id, share in fork.branches]
        outside = self.run.space(question.step).placer.near(viewed(states, self.run.atlas.view))[2]
        told = Stepped(token=token, ids=going.ids, branches=branches, rest=fork.rest, last=last)
        ahead = self._places(question, going.peek([id for id, _ in fork.branches]))
        return told, {
            "positions": self._places(question, states),
            "outside": outside,
            "norm": norms(states),
            "branches": ahead,
        }

    def _promoted(self, name: dict[str, Any], effect: Floats) -> PromotedPart:
        found = anatomy.promoted(effect, WORDS)
        up, down = (
            [self._word(id, value) for id, value in side] for side in (found.up, found.down)
        )
        return PromotedPart(**name, up=up, down=down)

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


def scales_of(question: WhatIf | Reframe) -> whatif.Scales:
    """The factors of a question; raises InputError for a head that is not named."""
    parts: dict[str, dict[Any, float]] = {"attention": {}, "mlp": {}, "head": {}, "residual": {}}
    for one in question.factors:
        if (one.part == "head") != (one.head is not None):
            raise InputError("A factor of the part 'head' names a head, the others do not.")
        parts[one.part][one.layer if one.head is None else (one.layer, one.head)] = one.factor
    return whatif.Scales(parts["attention"], parts["mlp"], parts["head"], parts["residual"])


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
