"""Layerfold from Python: open a run, place sentences, look at the figure or keep the numbers."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from layerfold.api.opened_run import OpenedRun
from layerfold.atlas.files import open_atlas
from layerfold.build.live import followed
from layerfold.build.projections import build_projections
from layerfold.build.run_atlas import build_run_atlas
from layerfold.errors import AtlasMissing
from layerfold.files.bundled import bundled_run
from layerfold.interp.axis_projection import open_session
from layerfold.runs.hub_card import HOME, open_hub
from layerfold.runs.opening import open_run
from layerfold.runs.remote import mirror_of
from layerfold.runs.series import is_model
from layerfold.runs.storage import is_address
from layerfold.settings import cache_folder


def open(
    run: str | Path,
    cache: Path | None = None,
    *,
    dtype: str | None = None,
    device: str | None = None,
    allow_pickle: bool = False,
) -> OpenedRun:
    """The run in a folder or at an address (``s3://…``), the bundled run of that name, or a model
    from elsewhere: its folder, its Trainer's, or ``hf:…``.

    Reference states, and the runs of models from elsewhere, are kept in ``cache``. Such a run gets
    its atlas first where it has none, with progress on stderr. ``dtype`` (float32, bfloat16,
    float16), ``device`` (cpu, cuda, mps) and ``allow_pickle`` (weights that can run code are
    trusted) are for models from elsewhere. Raises RunNotFound, DamagedRun, and what opening such a
    model raises.
    """
    folder, kept = Path(run), cache or cache_folder(os.environ)
    if is_address(str(run)):
        folder = mirror_of(run, kept)
    elif is_model(str(run)):
        folder = open_hub(str(run), kept / HOME, dtype=dtype, device=device, pickle=allow_pickle)
        _build(folder)
    elif not folder.exists() and bundled_run(str(run)).is_dir():
        folder = bundled_run(str(run))
    return OpenedRun(open_session(folder, kept))


def _build(folder: Path) -> None:
    """The run in a folder has an atlas and linear pictures; what is done, and what is left out, is
    said on stderr.
    """
    try:
        left = [step for step in open_run(folder).steps if step not in open_atlas(folder).steps]
        if left:
            sys.stderr.write(
                f"layerfold: {len(left)} checkpoint(s) came after the atlas: layerfold atlas"
                f" {folder} --follow adds them\n"
            )
        return
    except AtlasMissing:
        run = open_run(folder)
    for problem in (*run.missing(), *run.remarks()):
        sys.stderr.write(f"layerfold: {problem}\n")
    said = ""

    def report(stage: str, share: float) -> None:
        nonlocal said
        now = f"building the atlas of {run.name}: {stage}" + (
            f" {share:.0%}" if sys.stderr.isatty() else ""
        )
        if now != said:
            sys.stderr.write(f"\r\x1b[K{now}" if sys.stderr.isatty() else f"{now}\n")
        said = now

    with followed(folder):
        build_run_atlas(
            folder,
            progress=report,
            problem=lambda words: print(f"layerfold: {words}", file=sys.stderr),
        )
        build_projections(folder, progress=report)
    sys.stderr.write("\r\x1b[K" if sys.stderr.isatty() else "")
