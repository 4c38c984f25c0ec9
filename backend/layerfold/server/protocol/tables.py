"""Runs, their measures and their comparison as the tables that HTTP answers with.

What a table is made from is a `Session` or a record; another kind of run registers its own maker.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from functools import singledispatch
from typing import Any

import numpy as np

from layerfold.atlas.files import Atlas
from layerfold.atlas.projection_files import UMAP
from layerfold.interp.compare_runs import Aligned, Alignment
from layerfold.interp.linear_projection import LinearProjection
from layerfold.interp.session import Session
from layerfold.metrics.files import Jump
from layerfold.records import Label, Measure, finite
from layerfold.server.protocol.http import (
    AxisTable,
    ComparedSite,
    ComparisonTable,
    EventTable,
    Frame,
    LabelTable,
    MeasuresTable,
    MeasureTable,
    MetricsTable,
    ProjectionCard,
    ReferenceTable,
)
from layerfold.server.protocol.lab import LabNumber, LabTask
from layerfold.training.lab import NUMBERS, OFFERS, OPTIMISERS, SUITED


@singledispatch
def reference_table(session: Session) -> ReferenceTable:
    """The reference tokens in words."""
    reference = session.atlas.reference
    return ReferenceTable(
        windows=[session.words(window.tolist()) for window in reference.windows],
        window=reference.window.tolist(),
        position=reference.position.tolist(),
        frequency=[float(f"{value:.6g}") for value in reference.frequency],
        source=list(reference.source),
        text=list(reference.text),
        labels=[label_table(label) for label in reference.labels],
    )


@singledispatch
def metrics_table(session: Session) -> MetricsTable:
    """The training log."""
    return MetricsTable(rows=session.run.metrics())


@singledispatch
def measures_table(session: Session) -> MeasuresTable:
    """What is measured of a run, its atlas and its projections, null where a number is not
    defined; and where it jumps.
    """
    atlas = session.atlas
    return MeasuresTable(
        steps=list(atlas.steps),
        sites=[site.name for site in session.sites],
        measures=[measure_table(measure) for measure in session.measures()],
        axes=AxisTable(variables=list(atlas.axis_variables), values=finite(atlas.axes)),
        events=event_tables(session.jumps()),
    )


@singledispatch
def projection_cards(session: Session) -> list[ProjectionCard]:
    """The ways to show the states, the atlas's own layout first."""
    return [projection_card(session.picture(name)) for name in session.projections]


def label_table(label: Label) -> LabelTable:
    """A label of the reference."""
    return LabelTable(
        name=label.name,
        kind=label.kind,
        title_en=label.title_en,
        title_zh=label.title_zh,
        period=label.period,
        names=list(label.names),
        values=finite(label.values),
    )


def measure_table(measure: Measure) -> MeasureTable:
    """A measure with its error bar and the reasons why it is not defined somewhere."""
    low, high = (None if bound is None else finite(bound) for bound in (measure.low, measure.high))
    return MeasureTable(
        name=measure.name,
        unit=measure.unit,
        group=measure.group,
        values=finite(measure.values),
        low=low,
        high=high,
        reasons=None if measure.reasons is None else [list(row) for row in measure.reasons],
    )


def event_tables(jumps: Iterable[Jump]) -> list[EventTable]:
    """The steps at which a measure jumps."""
    return [EventTable(**asdict(jump)) for jump in jumps]


def projection_card(picture: Atlas | LinearProjection) -> ProjectionCard:
    """A projection; the axes of the atlas's own layout have no meaning and so no name."""
    frame = frame_of(picture.frame)
    if isinstance(picture, LinearProjection):
        words = ("name", "kind", "title_en", "title_zh", "axes_en", "axes_zh")
        return ProjectionCard(
            **{name: picture.projection.card[name] for name in words}, frame=frame
        )
    nameless = ["", "", ""]
    return ProjectionCard(
        name=UMAP,
        kind="umap",
        title_en="Aligned UMAP",
        title_zh="对齐的 UMAP",
        axes_en=nameless,
        axes_zh=nameless,
        frame=frame,
    )


def frame_of(frame: Mapping[str, Any]) -> Frame:
    """The ball that holds the clouds."""
    return Frame(center=[float(x) for x in frame["center"]], radius=float(frame["radius"]))


def comparison_table(found: Alignment, run: str, other: str) -> ComparisonTable:
    """Two runs laid over each other, under the names by which they were asked for."""
    return ComparisonTable(
        run=run,
        other=other,
        step=found.step,
        other_step=found.other_step,
        tokens=len(found.a.atlas.reference),
        drawn=found.drawn.tolist(),
        widths=[found.a.run.d_model, found.b.run.d_model],
        sites=[_compared(one) for one in found.sites],
    )


def _compared(one: Aligned) -> ComparedSite:
    return ComparedSite(
        site=one.site.name,
        other=one.other.name,
        residual=_number(one.residual.value),
        low=_number(one.residual.low),
        high=_number(one.residual.high),
        without=_number(one.without.value),
        shape=_number(one.shape.value),
        cka=_number(one.cka.value),
        reason=one.residual.reason,
    )


def _number(value: float) -> float | None:
    answer: float | None = finite(np.asarray(value))
    return answer


def lab_tasks() -> list[LabTask]:
    """The tasks as the page gets them."""
    return [
        LabTask(
            name=offer.name,
            title_en=offer.words[0],
            title_zh=offer.words[1],
            about_en=offer.words[2],
            about_zh=offer.words[3],
            text=offer.text,
            optimizer=offer.optimizer,
            numbers=[_lab_number(name, offer.numbers[name]) for name in NUMBERS],
            suited={
                name: {
                    **{rate: offer.numbers[rate] for rate in SUITED},
                    **offer.suited.get(name, {}),
                }
                for name in OPTIMISERS
            },
        )
        for offer in OFFERS
    ]


def _lab_number(name: str, default: float) -> LabNumber:
    title_en, title_zh, low, high, whole, log = NUMBERS[name]
    return LabNumber(
        name=name,
        title_en=title_en,
        title_zh=title_zh,
        low=low,
        high=high,
        default=default,
        whole=whole,
        log=log,
    )
