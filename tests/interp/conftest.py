"""One small run for all instruments; nobody changes its files."""

from __future__ import annotations

from pathlib import Path

import pytest

from layerfold.interp.session import Session, open_session
from tests.small import make_run


@pytest.fixture(scope="session")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Session:
    return open_session(make_run(tmp_path_factory.mktemp("interp") / "small"))


@pytest.fixture(scope="session")
def small_folder(opened: Session) -> Path:
    return opened.run.folder
