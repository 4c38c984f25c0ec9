"""The command that compares a model with transformers' own pass."""

from __future__ import annotations

from typing import Annotated

import typer

from layerfold.cli.options import (
    Device,
    Dtype,
    Json,
    Pickle,
)
from layerfold.cli.terminal import (
    say,
)
from layerfold.training.hub_report import report_of_words


def verify_model(
    model: Annotated[
        str,
        typer.Argument(
            help="A Hugging Face model's folder, checkpoint, GGUF file, or hf:ORG/MODEL@REVISION."
        ),
    ],
    dtype: Dtype = None,
    device: Device = None,
    allow_pickle: Pickle = False,
    as_json: Json = False,
) -> None:
    """Compare what is shown of a model with transformers' own pass, site by site. Exit code 1 where
    the two differ.
    """
    report = report_of_words(model, dtype or "float32", device or "cpu", allow_pickle)
    say(as_json, report.as_json(), report.as_text())
    if not report.right:
        raise typer.Exit(1)
