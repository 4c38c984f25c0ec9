"""Help in a person's language: what commands and options say of themselves, told again."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from layerfold.locales.messages import LANGUAGES, language_of, read_catalogs

# What stands above the parts of a help text, and what the library says of its own option.
HEADINGS: Final = {
    "Usage:": "用法：",
    "Arguments:": "参数：",
    "Options:": "选项：",
    "Commands:": "命令：",
    "Show this message and exit.": "显示此说明并退出。",
    "[required]": "[必填]",
    "[default: ": "[默认：",
}


def told_again(command: Any) -> Any:
    """A click command, its own commands and its options with their help in the language of this
    process."""
    if known(language_of(os.environ)):
        written = command.get_help
        command.get_help = lambda context: headed(written(context))
    command.help = _said(command.help)
    command.short_help = _said(command.short_help)
    for parameter in command.params:
        if getattr(parameter, "help", None):
            parameter.help = _said(parameter.help)
    for inner in getattr(command, "commands", {}).values():
        told_again(inner)
    return command


def headed(text: str) -> str:
    """A help text whose headings are Chinese."""
    for english, chinese in HEADINGS.items():
        text = text.replace(english, chinese)
    return text


@lru_cache(maxsize=len(LANGUAGES))
def known(language: str) -> Mapping[str, str]:
    """Help by its English words; empty for English."""
    return read_catalogs(language)


def _said(words: str | None) -> str | None:
    """Help in one line, as its catalog knows it."""
    line = " ".join(words.split()) if words else None
    return known(language_of(os.environ)).get(line, line) if line else words
