"""The command that says where a picture's map is not continuous."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from layerfold.cli.answer import Answer, Csv, Run, Steps, session
from layerfold.cli.options import Device, Dtype, Json, Pickle, Threads
from layerfold.cli.resolve import Opening
from layerfold.geometry.discontinuity import LENGTH
from layerfold.interp import discontinuity as instrument
from layerfold.interp.paths import site_index


def discontinuity(
    run: Run,
    text: Annotated[str, typer.Option(help="A text whose tokens are told one by one.")] = "",
    site: Annotated[str | None, typer.Option(help="Site; every one without it.")] = None,
    length: Annotated[
        float, typer.Option(help="How far a state is moved, as a share of the states' spread.")
    ] = LENGTH,
    steps: Steps = "last",
    csv: Csv = None,
    threads: Threads = None,
    dtype: Dtype = None,
    device: Device = None,
    allow_pickle: Pickle = False,
    as_json: Json = False,
) -> None:
    """Tell where the map from states to places jumps (perturbation score) or is nearly flat
    (singularity score), beside the same with places dealt at random.
    """
    rows: list[dict[str, Any]] = []
    opening = Opening(dtype, device, allow_pickle)
    with session(run, steps, opening, threads, as_json) as at:
        sentence = at.opened.tokenize(text) if text else None
        every = range(len(at.opened.sites))
        sites = every if site is None else [site_index(at.opened, site)]
        places = [(step, place) for step in at.steps for place in sites]
        for n, (step, place) in enumerate(places):
            at.watch.progress(f"step {step}", n / len(places))
            found = instrument.measure(
                at.opened, step, place, sentence, length=length, cancelled=at.watch.cancelled
            )
            rows.extend(found.rows())
        at.watch.progress("done", 1.0)
    columns = (
        "step",
        "site",
        *(["token"] if text else []),
        "perturbation",
        "perturbation_95",
        "perturbation_control",
        "perturbation_above_control",
        *(["perturbation_percentile"] if text else []),
        "singularity",
        "singularity_95",
        "singularity_control",
        *(["singularity_percentile"] if text else []),
    )
    Answer("discontinuity", rows, columns).tell(at.opened, csv, as_json)
