"""A run from Python: every question that the page can ask is a call."""

from __future__ import annotations

from collections.abc import Sequence

from layerfold.api.answers import RunMetric, TextLens, TextNeighbors, TextStates
from layerfold.api.meaning import MeaningCalls
from layerfold.api.trajectories import Trajectories
from layerfold.atlas.files import Atlas
from layerfold.data.reference_states import viewed
from layerfold.errors import TokenNotFound
from layerfold.interp.ablation import Ablation, Scaling, ablate
from layerfold.interp.attention import Attention, attention
from layerfold.interp.compare_runs import Aligner, Alignment
from layerfold.interp.decomposition import (
    Decomposition,
    LogitAttribution,
    decompose,
    direct_logit_attribution,
)
from layerfold.interp.discontinuity import Discontinuity
from layerfold.interp.discontinuity import measure as measure_discontinuity
from layerfold.interp.generation import Sampling
from layerfold.interp.gradients import Gradients, Objective, gradients
from layerfold.interp.logit_lens import logit_lens
from layerfold.interp.model_internals import ModelInternals, Passage
from layerfold.interp.placed import (
    LossLine,
    LossPlane,
    PlacedJacobian,
    PlacedStep,
    PlacedToken,
    PlacedView,
)
from layerfold.interp.session import Session
from layerfold.interp.stream_views import StreamViews
from layerfold.interp.weight_motion import WeightMotion
from layerfold.model.adapter import Adapter
from layerfold.records import Sentence, Site


class OpenedRun(MeaningCalls):
    """A run: its sentences placed, and its passes and weights looked into. ``step`` is the last one
    unless it is told; every call raises StepNotFound, EmptyText, TextTooLong and DamagedRun.
    """

    def __init__(self, session: Session) -> None:
        self.session = session

    @property
    def name(self) -> str:
        """What the run is called."""
        return self.session.run.name

    @property
    def steps(self) -> tuple[int, ...]:
        """The training steps that have clouds."""
        return self.session.steps

    @property
    def sites(self) -> tuple[Site, ...]:
        """The places in the residual stream."""
        return self.session.sites

    @property
    def atlas(self) -> Atlas:
        """The clouds."""
        return self.session.atlas

    @property
    def projections(self) -> tuple[str, ...]:
        """The ways to show the states: ``umap``, the atlas's own layout, and the linear ones."""
        return self.session.projections

    def place(
        self,
        sentences: str | Sequence[str],
        steps: Sequence[int] | None = None,
        projection: str = "umap",
        special: bool = False,
    ) -> Trajectories:
        """The ways of the sentences' tokens through the sites and steps (all by default), as a
        projection shows them.

        With ``special``, names of special tokens (<s>, [MASK]) in the sentences mean them; else
        they are plain characters. Raises EmptyText, TextTooLong, StepNotFound,
        ProjectionNotFound, DamagedRun.
        """
        texts = [sentences] if isinstance(sentences, str) else sentences
        clouds = self.session.picture(projection)
        return Trajectories(
            [self.session.place(text, steps, projection, special) for text in texts],
            clouds,
            self.name,
        )

    def compare(
        self, other: OpenedRun, step: int | None = None, other_step: int | None = None
    ) -> Alignment:
        """Another run, or another step of this one, laid over this: ``.residuals`` by site, 0 where
        one is the other turned.

        The last steps unless told. Raises NotComparable, StepNotFound, AtlasMissing, DamagedRun.
        """
        mine = self.steps[-1] if step is None else step
        theirs = other.session.run.steps[-1] if other_step is None else other_step
        return Aligner().align(self.session, mine, other.session, theirs)

    # ---- states

    def states(self, text: str, step: int | None = None) -> TextStates:
        """The raw states of a text at every site."""
        sentence = self.session.tokenize(text)
        values = self._adapter(step).states(sentence.ids).values
        return TextStates(self._words(sentence), self._site_names, values)

    def logit_lens(
        self, text: str, token: int = -1, step: int | None = None, top: int = 5
    ) -> TextLens:
        """What the model would say after a token if it stopped at each site; raises NoWeights."""
        found = self.states(text, step)
        if not -len(found.tokens) <= token < len(found.tokens):
            raise TokenNotFound(f"The text has {len(found.tokens)} tokens, so there is no {token}.")
        lens = logit_lens(self._adapter(step), found.values[:, token], top)
        names = self.session.tokenizer
        words = tuple(tuple(names.text_of(int(id)) for id in row) for row in lens.ids)
        return TextLens(found.sites, words, lens.probabilities, lens.entropy, lens.kl)

    def neighbors(self, text: str, site: int = -1, step: int | None = None) -> TextNeighbors:
        """The reference tokens nearest to each token of a text at a site, in the original space."""
        found = self.states(text, step)
        states = viewed(found.values, self.atlas.view)
        indices, distances, outside = self.session.space(self._step(step)).placer.near(states)
        return TextNeighbors(found.tokens, indices[site], distances[site], outside[site])

    def discontinuity(
        self, text: str = "", site: int = -1, step: int | None = None
    ) -> Discontinuity:
        """Where the layout's map from states to places is not continuous at a site: perturbation
        and singularity score of every reference token, beside a picture that says nothing, and of
        the tokens of a text. Takes seconds at first.
        """
        sentence = self.session.tokenize(text) if text else None
        return measure_discontinuity(self.session, self._step(step), site, sentence)

    def metrics(self) -> dict[str, RunMetric]:
        """Every metric of the run, its atlas and its projections, by name."""
        return {
            one.name: RunMetric(
                one.name, one.unit, self.steps, self._site_names, one.values, one.low, one.high
            )
            for one in self.session.measures()
        }

    # ---- a pass

    def attention(self, text: str, layer: int, step: int | None = None) -> Attention:
        """The attention patterns of a layer; raises NotSupported."""
        return attention(self._adapter(step), self._ids(text), layer)

    def decompose(self, text: str, step: int | None = None) -> Decomposition:
        """What each head and MLP adds to every token's state; raises NotSupported."""
        return decompose(self._adapter(step), self._ids(text))

    def attribute(self, text: str, token: int, step: int | None = None) -> LogitAttribution:
        """Direct logit attribution: what each part adds to the logits after a token; raises
        NotSupported.
        """
        return direct_logit_attribution(self._adapter(step), self._ids(text), token)

    def ablate(self, text: str, scaling: Scaling, step: int | None = None) -> Ablation:
        """The pass with parts scaled: ``Scaling(mlp={3: 0.0})`` takes an MLP out; raises
        InputError, NotSupported.
        """
        return ablate(self._adapter(step), self._ids(text), scaling)

    def gradients(
        self, text: str, objective: Objective | None = None, step: int | None = None
    ) -> Gradients:
        """∂L/∂h at every site, of the mean loss of each next token or of an ``objective``; raises
        NotSupported.
        """
        return gradients(self._adapter(step), self._ids(text), objective)

    def jacobian(self, text: str, token: int, step: int | None = None) -> PlacedJacobian:
        """The singular values of the map from each site to the next at a token; raises
        NotSupported.
        """
        return self._internals.jacobian(Passage(text, self._step(step)), token)

    def generate(
        self,
        text: str,
        count: int = 20,
        sampling: Sampling | None = None,
        seed: int = 0,
        step: int | None = None,
    ) -> list[PlacedToken]:
        """The text going on by ``count`` tokens, each with its place in the clouds and what could
        have come instead; raises NotSupported.
        """
        passage = Passage(text, self._step(step))
        return list(self._internals.generation(passage, count=count, sampling=sampling, seed=seed))

    def stream_view(self, text: str, view: str = "raw", step: int | None = None) -> PlacedView:
        """The residual stream ``raw``, ``normalised``, or as what was ``added`` to its start."""
        return StreamViews(self.session).stream_view(Passage(text, self._step(step)), view)

    # ---- the weights

    def optimizer_step(
        self, text: str, component: str = "step", factor: float = 1.0, step: int | None = None
    ) -> PlacedStep:
        """One optimizer step from a checkpoint, or a component of it, and what it does to a text;
        raises InputError for a run that AdamW did not train here.
        """
        passage = Passage(text, self._step(step))
        return WeightMotion(self.session).optimizer_step(passage, component, factor)

    def loss_landscape(self, size: int = 15) -> LossPlane:
        """The weight trajectory in its principal plane, with the loss over that plane."""
        return list(WeightMotion(self.session).loss_landscape(size))[-1]

    def loss_line(self, start: int, end: int) -> LossLine:
        """The loss on the straight line between the weights of two steps."""
        return WeightMotion(self.session).loss_line(start, end)

    # ---- what they share

    def _step(self, step: int | None) -> int:
        return self.steps[-1] if step is None else step

    def _adapter(self, step: int | None) -> Adapter:
        return self.session.space(self._step(step)).adapter

    def _ids(self, text: str) -> list[int]:
        return self.session.tokenize(text).ids

    def _words(self, sentence: Sentence) -> tuple[str, ...]:
        return tuple(token.text for token in sentence.tokens)

    @property
    def _site_names(self) -> tuple[str, ...]:
        return tuple(site.name for site in self.sites)

    @property
    def _internals(self) -> ModelInternals:
        return ModelInternals(self.session)

    def __repr__(self) -> str:
        return f"<run {self.name}: {len(self.sites)} sites, {len(self.steps)} steps>"
