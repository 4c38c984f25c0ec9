"""Help in a person's language: what commands and options say of themselves, told again."""

from __future__ import annotations

from typing import Any

from layerfold.cli.terminal import spoken


def told_again(command: Any) -> Any:
    """A click command, its own commands and its options with their help in the language of this
    process."""
    command.help = _said(command.help)
    command.short_help = _said(command.short_help)
    for parameter in command.params:
        if getattr(parameter, "help", None):
            parameter.help = _said(parameter.help)
    for inner in getattr(command, "commands", {}).values():
        told_again(inner)
    return command


def _said(words: str | None) -> str | None:
    """Help in one line, as its catalog knows it."""
    return spoken(" ".join(words.split())) if words else words
