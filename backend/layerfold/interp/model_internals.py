"""A run's passes over sentences, looked into: computed in the original space, and only then placed
in the picture.

Every method takes plain arguments and gives a frozen record of arrays; a model without a part that
is asked for is named. All raise StepNotFound, ProjectionNotFound, EmptyText, TextTooLong,
InputError, NotSupported, DamagedRun, and Cancelled as soon as ``cancelled()`` is true.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

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
from layerfold.interp.jacobian import site_maps, stretched
from layerfold.interp.logit_lens import log_softmax
from layerfold.interp.placed import (
    AttributedPart,
    HeadType,
    PlacedAblation,
    PlacedDecomposition,
    PlacedGradients,
    PlacedJacobian,
    PlacedToken,
    TokenAttribution,
    Word,
)
from layerfold.interp.session import Session, never, stop_if
from layerfold.interp.shown import Shown, cosines, norms
from layerfold.model.forward import network_of
from layerfold.model.network import Network
from layerfold.records import Floats, Sentence

Cancelled = Callable[[], bool]
WORDS: Final = 5
STEP: Final = 0.1  # of a state's length: its most stretched direction
READ: Final = 48  # reference texts on which heads are tested


@dataclass(frozen=True)
class Passage:
    """A sentence of a run at a training step, as a projection shows it; with ``special``, names of
    special tokens in it mean them.
    """

    text: str
    step: int
    projection: str = "umap"
    special: bool = False


class ModelInternals:
    """The inside of a run's passes over sentences of at most ``max_tokens`` (what the model reads
    by default).
    """

    def __init__(self, session: Session, max_tokens: int | None = None) -> None:
        self.session = session
        self.max_tokens = max_tokens

    def decomposition(self, asked: Passage, cancelled: Cancelled = never) -> PlacedDecomposition:
        """The pass in its parts."""
        model, sentence, shown = self._open(asked, cancelled)
        found = decompose(model, sentence.ids)
        if found.patterns is None:
            raise NotSupported(model.missing("L*.attn.pattern"))
        stop_if(cancelled)
        # [layer, part, token, d]
        attention = np.concatenate([found.attention[:, None], found.heads], axis=1)
        arrows = []
        for half, parts in (("attn", attention), ("mlp", found.mlps[:, None])):
            starts = np.array(
                [model.sites.index(before(model, layer, half)) for layer in range(model.n_layer)]
            )
            arrows.append(shown.arrows(starts, found.states[starts], parts))
        layers, heads = found.patterns.shape[:2]
        return PlacedDecomposition(
            layers,
            heads,
            self._head_types(asked.step, model),
            mean_angles(viewed(found.states, self.session.atlas.view)),
            found.patterns,
            shown.places(found.states),
            arrows[0],
            arrows[1].of_part(0),
        )

    def attribution(
        self, asked: Passage, token: int, cancelled: Cancelled = never
    ) -> TokenAttribution:
        """Which tokens each part of a pass promotes after one token."""
        model, sentence, _ = self._open(asked, cancelled)
        check_token(sentence, token)
        found = direct_logit_attribution(model, sentence.ids, token)
        told = [
            self._attributed(part, logits)
            for part, logits in zip(found.parts, found.logits, strict=True)
        ]
        return TokenAttribution(token, tuple(told))

    def jacobian(self, asked: Passage, token: int, cancelled: Cancelled = never) -> PlacedJacobian:
        """What each half of a layer does to the neighborhood of a token."""
        model, sentence, shown = self._open(asked, cancelled)
        check_token(sentence, token)
        ids = sentence.ids[: token + 1] if model.causal else sentence.ids
        maps = site_maps(model, ids, token)
        raw = np.stack([state.numpy() for _, state in maps])
        values = np.full(raw.shape, np.nan, dtype=np.float32)
        ends = np.repeat(raw[:, None], 6, axis=1)
        for site, (forward, state) in enumerate(maps):
            stop_if(cancelled)
            values[site], directions = stretched(forward, state)
            length = STEP * np.linalg.norm(raw[site]) * directions
            ends[site] += np.concatenate([length, -length])
        last = self.session.space(asked.step).adapter.states(sentence.ids).values[:, token]
        parts = np.concatenate([ends - raw[:, None], np.zeros_like(ends[:1])])[:, :, None]
        arrows = shown.arrows(np.arange(len(last)), last[:, None], parts)
        axes = arrows.tip[:-1, :, 0].reshape(-1, 2, 3, 3).transpose(0, 2, 1, 3)
        moves = np.diff(viewed(last, self.session.atlas.view), axis=0)
        angle = np.full(len(last), np.nan, dtype=np.float32)
        angle[1:-1] = np.arccos(np.clip(cosines(moves[:-1], moves[1:]), -1, 1))
        return PlacedJacobian(
            token, sentence.tokens[token].text, values, axes, arrows.trust[:-1, :3, 0], angle
        )

    def ablation(
        self, asked: Passage, scaling: Scaling, cancelled: Cancelled = never
    ) -> PlacedAblation:
        """The pass with parts scaled, beside the one that is."""
        model, sentence, shown = self._open(asked, cancelled)
        plain, scaled = (ablate(model, sentence.ids, each) for each in (Scaling(), scaling))
        stop_if(cancelled)
        was, now = log_softmax(plain.logits[-1]), log_softmax(scaled.logits[-1])
        divergence = float(max(0.0, (np.exp(was) * (was - now)).sum()))
        shares = np.exp(was), np.exp(now)
        words = {int(id) for share in shares for id in np.argsort(-share, kind="stable")[:WORDS]}
        return PlacedAblation(
            self._ranked(shares[0], words),
            self._ranked(shares[1], words),
            divergence,
            shown.places(scaled.states),
            norms(scaled.states),
        )

    def gradients(
        self,
        asked: Passage,
        position: int | None = None,
        target: str | None = None,
        step_length: float = 0.5,
        cancelled: Cancelled = never,
    ) -> PlacedGradients:
        """The gradient of a loss at every state and weight, drawn downhill: of each next token, of
        what follows a ``position``, or of a word ``target`` there.
        """
        model, sentence, shown = self._open(asked, cancelled)
        aim = Objective(position, None if target is None else self._first_id(target))
        found = gradients(model, sentence.ids, aim)
        stop_if(cancelled)
        states = self.session.space(asked.step).adapter.states(sentence.ids).values
        lengths = norms(found.states)
        scale = np.asarray(step_length * norms(states) / np.maximum(lengths, 1e-30))
        parts = -found.states * scale.astype(np.float32)[..., None]
        arrows = shown.arrows(np.arange(len(states)), states, parts[:, None])
        agreement = first_order(model, sentence.ids, found, len(states) // 2, tries=8)
        return PlacedGradients(
            found.loss,
            tuple(found.groups),
            found.outside,
            agreement if np.isfinite(agreement) else 0.0,
            arrows.tip[:, 0],
            arrows.trust[:, 0],
            lengths,
            found.losses,
            found.layers,
        )

    def generation(
        self,
        asked: Passage,
        ids: Collection[int] = (),
        count: int = 1,
        sampling: Sampling | None = None,
        seed: int = 0,
        cancelled: Cancelled = never,
    ) -> Iterator[PlacedToken]:
        """Each new token of a text, to which ``ids`` have been added already, with what may come
        after it; with ``count`` 0 only that, where the text ends.
        """
        model, sentence, shown = self._open(asked, cancelled)
        text = Generation(model, [*sentence.ids, *ids])
        rng = np.random.default_rng((seed, len(text.ids)))
        if count == 0 or text.full:
            yield self._placed(shown, text, None, text.states[:, -1:], True)
        for n, new in enumerate(generate(text, count, sampling or Sampling(), rng), start=1):
            word = self._word(new.id, new.probability)
            yield self._placed(shown, text, word, new.states[:, None], n == count or text.full)
            stop_if(cancelled)

    # ---- what they share

    def _open(self, asked: Passage, cancelled: Cancelled) -> tuple[Network, Sentence, Shown]:
        stop_if(cancelled)
        self.session.picture(asked.projection)
        model = network_of(self.session.space(asked.step).adapter)
        sentence = self.session.tokenize(asked.text, self.max_tokens, asked.special)
        return model, sentence, Shown(self.session, asked.step, asked.projection)

    def _head_types(self, step: int, model: Network) -> tuple[HeadType, ...]:
        """The types of the heads on the reference's own texts, at a step; computed once."""
        windows = self.session.atlas.reference.windows[:READ]
        texts = [[int(id) for id in row if id >= 0] for row in windows]

        def compute() -> Floats:
            found = head_types([patterns(model, text)[:, 0] for text in texts], texts, model.causal)
            scores = found.scores.reshape(len(HEAD_TYPES), -1)
            return np.concatenate([scores, found.even[:, None]], axis=1)

        made_from = {
            "what": "head types",
            "checkpoint": self.session.run.origin(step),
            "texts": texts,
        }
        kept = self.session.cache.get(made_from, compute)
        scores = kept[:, :-1].reshape(len(HEAD_TYPES), model.n_layer, model.n_head)
        found = HeadTypes(scores, kept[:, -1])
        return tuple(
            HeadType(
                int(layer),
                int(head),
                HEAD_TYPES[kind],
                round(float(found.scores[kind, layer, head]), 4),
            )
            for kind, layer, head in zip(*np.nonzero(found.passing), strict=True)
        )

    def _placed(
        self, shown: Shown, text: Generation, token: Word | None, states: Floats, last: bool
    ) -> PlacedToken:
        ahead = text.next_tokens(WORDS)
        space, view = self.session.space(shown.step), self.session.atlas.view
        return PlacedToken(
            token,
            tuple(text.ids),
            tuple(self._word(id, share) for id, share in ahead.likeliest),
            ahead.rest,
            last,
            shown.places(states),
            space.placer.near(viewed(states, view))[2],
            norms(states),
            shown.places(text.peek([id for id, _ in ahead.likeliest])),
        )

    def _attributed(self, part: Part, logits: Floats) -> AttributedPart:
        found = promoted(logits, WORDS)
        up, down = (
            tuple(self._word(id, value) for id, value in side) for side in (found.up, found.down)
        )
        return AttributedPart(part.kind, part.layer, part.head, up, down)

    def _ranked(self, shares: Any, ids: Collection[int]) -> tuple[Word, ...]:
        ranked = sorted(ids, key=lambda id: (-shares[id], id))
        return tuple(self._word(id, float(shares[id])) for id in ranked)

    def _word(self, id: int, value: float) -> Word:
        return Word(id, self.session.tokenizer.text_of(id), value)

    def _first_id(self, word: str) -> int:
        """The first token of a word as it stands after another one."""
        ids = self.session.tokenizer.ids([word])[0]
        if not ids:
            raise InputError("The target is empty: name a word.")
        return ids[0]


def check_token(sentence: Sentence, token: int) -> None:
    """Raises InputError for a token that the sentence has not."""
    if token >= len(sentence.tokens):
        raise InputError(
            f"The sentence has {len(sentence.tokens)} tokens, so there is no token {token}."
            " Count from 0."
        )


def mean_angles(states: Floats) -> tuple[float | None, ...]:
    """The mean angle between a token's move to each site and its move on, radians; None at both
    ends: states [site, token, d].
    """
    moves = np.diff(states, axis=0)
    if len(moves) < 2:
        return (None, None)
    angles = np.arccos(np.clip(cosines(moves[:-1], moves[1:]), -1, 1)).mean(axis=-1)
    return (None, *(round(float(angle), 5) for angle in angles), None)
