"""The registry of questions: which call answers each, and as what it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from layerfold.interp import discontinuity
from layerfold.interp.ablation import Scaling
from layerfold.interp.generation import Sampling
from layerfold.interp.model_internals import ModelInternals, Passage
from layerfold.interp.session import Session
from layerfold.interp.stepwise import Watch, unheard
from layerfold.interp.stream_views import StreamViews
from layerfold.interp.weight_motion import WeightMotion
from layerfold.server import meaning, meaning_sets
from layerfold.server.protocol.inspect import (
    AblationAnswer,
    AnyAnswer,
    AttributionAnswer,
    DecompositionAnswer,
    DiscontinuityAnswer,
    GenerationAnswer,
    GradientsAnswer,
    JacobianAnswer,
    LossLandscapeAnswer,
    LossLineAnswer,
    OptimizerStepAnswer,
    StreamViewAnswer,
)
from layerfold.server.protocol.meaning import (
    AttackQuestion,
    AxesQuestion,
    CompressQuestion,
    MeaningSetsQuestion,
    OodQuestion,
    PathQuestion,
    ProbeQuestion,
    RegionsQuestion,
    SensesQuestion,
)
from layerfold.server.protocol.meaning_answers import (
    AttackAnswer,
    AxesAnswer,
    CompressAnswer,
    MeaningSetsAnswer,
    OodAnswer,
    PathAnswer,
    ProbeAnswer,
    RegionsAnswer,
    SensesAnswer,
)
from layerfold.server.protocol.questions import (
    AblationQuestion,
    AnyQuestion,
    AttributionQuestion,
    DecompositionQuestion,
    DiscontinuityQuestion,
    GenerationQuestion,
    GradientsQuestion,
    JacobianQuestion,
    LossLandscapeQuestion,
    LossLineQuestion,
    OptimizerStepQuestion,
    Question,
    StreamViewQuestion,
)

Cancelled = Callable[[], bool]


@dataclass(frozen=True)
class Reader:
    """What looks into a run, for sentences of at most so many tokens; ``told`` hears what share of
    a long answer is there."""

    session: Session
    internals: ModelInternals
    weights: WeightMotion
    views: StreamViews
    told: Callable[[float], None]

    @classmethod
    def of(
        cls,
        session: Session,
        max_tokens: int | None = None,
        told: Callable[[float], None] = unheard,
    ) -> Reader:
        """All that looks into an open run."""
        return cls(
            session,
            ModelInternals(session, max_tokens),
            WeightMotion(session, max_tokens),
            StreamViews(session, max_tokens),
            told,
        )


@dataclass(frozen=True)
class Entry:
    """How a question is answered: ``call(reader, question, cancelled)`` gives records, each told as
    an ``answer``; ``slow`` ones have their turn after sentences.
    """

    call: Callable[[Reader, Any, Cancelled], Iterable[Any]]
    answer: type[AnyAnswer]
    slow: bool = False


def passage(question: Question) -> Passage:
    """What a question is about."""
    return Passage(question.text, question.step, question.projection, question.special)


def _decomposition(reader: Reader, q: DecompositionQuestion, cancelled: Cancelled) -> Iterable[Any]:
    yield reader.internals.decomposition(passage(q), cancelled)


def _attribution(reader: Reader, q: AttributionQuestion, cancelled: Cancelled) -> Iterable[Any]:
    yield reader.internals.attribution(passage(q), q.token, cancelled)


def _jacobian(reader: Reader, q: JacobianQuestion, cancelled: Cancelled) -> Iterable[Any]:
    yield reader.internals.jacobian(passage(q), q.token, cancelled)


def _ablation(reader: Reader, q: AblationQuestion, cancelled: Cancelled) -> Iterable[Any]:
    yield reader.internals.ablation(passage(q), Scaling.of(q.factors), cancelled)


def _stream_view(reader: Reader, q: StreamViewQuestion, cancelled: Cancelled) -> Iterable[Any]:
    scaling = Scaling.of(q.factors) if q.factors else None
    yield reader.views.stream_view(passage(q), q.view, scaling, cancelled)


def _gradients(reader: Reader, q: GradientsQuestion, cancelled: Cancelled) -> Iterable[Any]:
    yield reader.internals.gradients(passage(q), q.position, q.target, q.step_length, cancelled)


def _generation(reader: Reader, q: GenerationQuestion, cancelled: Cancelled) -> Iterator[Any]:
    sampling = Sampling(q.temperature, q.top_k, q.top_p)
    return reader.internals.generation(passage(q), q.ids, q.count, sampling, q.seed, cancelled)


def _step(reader: Reader, q: OptimizerStepQuestion, cancelled: Cancelled) -> Iterable[Any]:
    yield reader.weights.optimizer_step(passage(q), q.component, q.factor, q.cloud, cancelled)


def _landscape(reader: Reader, q: LossLandscapeQuestion, cancelled: Cancelled) -> Iterator[Any]:
    return reader.weights.loss_landscape(q.size, cancelled)


def _line(reader: Reader, q: LossLineQuestion, cancelled: Cancelled) -> Iterable[Any]:
    yield reader.weights.loss_line(q.start, q.end, cancelled)


def _discontinuity(reader: Reader, q: DiscontinuityQuestion, cancelled: Cancelled) -> Iterable[Any]:
    most = reader.internals.max_tokens
    sentence = reader.session.tokenize(q.text, most, q.special) if q.text else None
    yield discontinuity.measure(reader.session, q.step, q.site, sentence, cancelled=cancelled)


def _sets(reader: Reader, q: MeaningSetsQuestion, cancelled: Cancelled) -> Iterable[Any]:
    yield meaning_sets.offered(reader.session)


def _of_session(
    call: Callable[[Session, Any, Watch], Iterable[Any]],
) -> Callable[[Reader, Any, Cancelled], Iterable[Any]]:
    """What asks an open run itself, and says how far it is."""

    def asked(reader: Reader, question: Any, cancelled: Cancelled) -> Iterable[Any]:
        watch = Watch(progress=lambda _, share: reader.told(share), cancelled=cancelled)
        return call(reader.session, question, watch)

    return asked


REGISTRY: dict[type[AnyQuestion], Entry] = {
    DecompositionQuestion: Entry(_decomposition, DecompositionAnswer),
    AttributionQuestion: Entry(_attribution, AttributionAnswer),
    JacobianQuestion: Entry(_jacobian, JacobianAnswer),
    AblationQuestion: Entry(_ablation, AblationAnswer),
    StreamViewQuestion: Entry(_stream_view, StreamViewAnswer),
    GradientsQuestion: Entry(_gradients, GradientsAnswer),
    GenerationQuestion: Entry(_generation, GenerationAnswer),
    OptimizerStepQuestion: Entry(_step, OptimizerStepAnswer),
    DiscontinuityQuestion: Entry(_discontinuity, DiscontinuityAnswer, slow=True),
    LossLandscapeQuestion: Entry(_landscape, LossLandscapeAnswer, slow=True),
    LossLineQuestion: Entry(_line, LossLineAnswer),
    MeaningSetsQuestion: Entry(_sets, MeaningSetsAnswer),
    SensesQuestion: Entry(_of_session(meaning.senses_at), SensesAnswer, slow=True),
    AxesQuestion: Entry(_of_session(meaning.axes_at), AxesAnswer, slow=True),
    PathQuestion: Entry(_of_session(meaning.path_at), PathAnswer, slow=True),
    ProbeQuestion: Entry(_of_session(meaning.probe_at), ProbeAnswer, slow=True),
    RegionsQuestion: Entry(_of_session(meaning.regions_at), RegionsAnswer, slow=True),
    OodQuestion: Entry(_of_session(meaning.ood_at), OodAnswer, slow=True),
    AttackQuestion: Entry(_of_session(meaning.attack_at), AttackAnswer, slow=True),
    CompressQuestion: Entry(_of_session(meaning.compress_at), CompressAnswer, slow=True),
}
