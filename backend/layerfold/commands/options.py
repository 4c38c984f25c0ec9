"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]
Corpora = Annotated[Path | None, typer.Option(help="Folder where gathered text is kept.")]
Threads = Annotated[int | None, typer.Option(min=1, help="Threads to use; all cores without it.")]
