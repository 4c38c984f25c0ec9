"""Tokenizers from strangers: what asks for more than it holds is refused before the library reads
it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from layerfold.errors import DamagedRun
from layerfold.model.huggingface import Where, read_hub_tokenizer
from layerfold.model.tokenizers.byte_level import Tokenizer
from layerfold.model.tokenizers.symbols import read_tokenizer
from layerfold.model.tokenizers.tokenizer_files import check_tokenizer


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    path = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    Tokenizer.train(["the bank of the river " * 20], 260).save(path)
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def written(folder: Path, told: dict[str, Any], **fields: object) -> Path:
    path = folder / "tokenizer.json"
    path.write_text(json.dumps({**told, **fields}), "utf-8")
    return path


def test_a_tokenizer_of_ours_is_read(told: dict[str, Any], tmp_path: Path) -> None:
    assert len(read_tokenizer(written(tmp_path, told))) == 260


def test_an_id_of_a_billion_is_refused(told: dict[str, Any], tmp_path: Path) -> None:
    model = {**told["model"], "vocab": {**told["model"]["vocab"], "far": 10**9}}
    with pytest.raises(DamagedRun, match="1,000,000,000"):
        read_tokenizer(written(tmp_path, told, model=model))
    added = [*told["added_tokens"], {**told["added_tokens"][0], "id": 10**9, "content": "<far>"}]
    with pytest.raises(DamagedRun, match="1,000,000,000"):
        read_tokenizer(written(tmp_path, told, added_tokens=added))


def test_what_makes_the_library_give_up_is_refused(told: dict[str, Any], tmp_path: Path) -> None:
    """A prefix of pieces that is longer than the pieces: its slice ends before it begins."""
    model = {**told["model"], "continuing_subword_prefix": "z" * 300}
    path = written(tmp_path, told, model=model)
    with pytest.raises(DamagedRun, match=r"tokenizer\.json cannot be read .*gives up"):
        read_tokenizer(path)
    with pytest.raises(DamagedRun, match="gives up"):
        read_hub_tokenizer(Where(tmp_path))


def test_replacements_that_multiply_the_text_are_refused(
    told: dict[str, Any], tmp_path: Path
) -> None:
    one = {"type": "Replace", "pattern": {"String": "a"}, "content": "a" * 10}
    for nested in (
        [one] * 40,
        [{"type": "Sequence", "normalizers": [one] * 3}],
        [{"type": "Lowercase"}] * 100,
    ):
        with pytest.raises(DamagedRun, match="times longer"):
            read_tokenizer(
                written(tmp_path, told, normalizer={"type": "Sequence", "normalizers": nested})
            )
    read_tokenizer(
        written(tmp_path, told, normalizer={"type": "Sequence", "normalizers": [one] * 2})
    )


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "[]", "3", "{", '{"model": 3, "added_tokens": 3, "normalizer": 3}']
)
def test_what_is_no_tokenizer_is_said(text: str, tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text(text)
    with pytest.raises(DamagedRun, match=r"tokenizer\.json cannot be read"):
        read_tokenizer(tmp_path / "tokenizer.json")
    if text.startswith("["):
        with pytest.raises(ValueError, match=r"nested|object"):
            check_tokenizer(text)


def replacing(count: int, content: str) -> str:
    steps = [
        {"type": "Replace", "pattern": {"String": chr(0x4E00 + n)}, "content": content}
        for n in range(count)
    ]
    return json.dumps({"model": {"vocab": {"一": 0}}, "normalizer": {"normalizers": steps}})


def test_many_characters_may_each_be_read_as_another() -> None:
    check_tokenizer(replacing(2000, "一"))
    with pytest.raises(ValueError, match="more than 64 steps"):
        check_tokenizer(replacing(2000, "一二"))
    with pytest.raises(ValueError, match="replaces more than 8,192 characters"):
        check_tokenizer(replacing(9000, "一"))
