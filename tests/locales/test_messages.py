"""Every message of the program is known in Chinese, and its values land in their places."""

from __future__ import annotations

import re
from string import Formatter

import pytest
from typer import Context
from typer.main import get_command

from layerfold.cli.help import told_again
from layerfold.cli.main import COMMANDS, app_of
from layerfold.interp.notes import SENTENCES, Note
from layerfold.locales.messages import (
    FIELD,
    Catalog,
    catalog,
    language_of,
    read_catalogs,
    render,
)
from tests.locales.templates import code, stand_ins, templates

HAN = re.compile("[\u4e00-\u9fff]")
WORD = re.compile("[A-Za-z]{2}")
SAID = re.compile("[a-z] [a-z]")  # words in a row, and no path
LIBRARIES = re.compile(  # what they say, of Python, of the system
    r"Method Not Allowed\.|Not Found\.|Show this message and exit\.|No such file or directory"
    r"|Permission denied|Is a directory|Not a directory|No space left on device"
    r"|Read-only file system|Too many open files|Input/output error|.*column \{1\} \(char \{2\}\)"
    r"|\{0\}: (Field required|Extra inputs|Input should be|String should|List should) ?.*"
)


def test_every_message_of_the_code_is_known_in_chinese() -> None:
    """What is missing is printed as a line of a catalog, to be filled in."""
    known = read_catalogs("zh")
    missing = [f'"{one}" = ""  # {where}' for one, where in templates().items() if one not in known]
    assert not missing, "\n".join(["", *missing])


def test_no_catalog_keeps_a_message_that_the_code_no_longer_says() -> None:
    """The phrases stand apart: they are values, or are put together where they are said."""
    said, written = templates(), code()
    phrases = (
        one for one in read_catalogs("zh") if one not in said and not LIBRARIES.fullmatch(one)
    )
    assert not [one for one in phrases if _longest(one) not in written]


@pytest.mark.parametrize("key", SENTENCES)
def test_a_note_beside_a_number_is_chinese(key: str) -> None:
    """With its values where they belong."""
    numbers = ("count", "of", "pieces", "used", "least", "most")
    fields = [name for _, name, _, _ in Formatter().parse(SENTENCES[key]) if name]
    values = {name: 70 + n if name in numbers else f"#{n}" for n, name in enumerate(fields)}
    told = render(Note(key, values).text, "zh")
    assert not WORD.search(told), told
    assert all(str(value) in told for value in values.values())


def test_help_of_every_command_is_chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands, arguments and options, and the headings above them."""
    monkeypatch.setenv("LAYERFOLD_LANG", "zh")
    for name in ("--help", *COMMANDS):
        told = told_again(get_command(app_of(name)))
        for command in (told, *getattr(told, "commands", {}).values()):
            words = [command.help, *(getattr(one, "help", "") for one in command.params)]
            assert not [one for one in words if one and not HAN.search(one)], name
            assert "用法：" in command.get_help(Context(command))


def _longest(phrase: str) -> str:
    """The longest stretch of a phrase between its fields, letters and digits alone."""
    return max((re.sub(r"\W+", "", part) for part in FIELD.split(phrase)[::2]), key=len)


def test_a_message_keeps_its_fields_in_chinese() -> None:
    for english, chinese in read_catalogs("zh").items():
        assert sorted(FIELD.findall(english)) == sorted(FIELD.findall(chinese)), english
        assert re.search("[\u4e00-\u9fff]", chinese) or not SAID.search(FIELD.sub("", english))


def test_every_message_finds_its_own_template() -> None:
    """With values in it each is told as its own template says, whatever others there are."""
    words = catalog("zh")
    for english, chinese in read_catalogs("zh").items():
        if not WORD.search(FIELD.sub("", english)):
            continue  # nothing but values: no words to find it by
        values = [f"«{n}»" for n in range(len(FIELD.findall(english)))]
        told = words.render(FIELD.sub(lambda field: values[int(field[1])], english))  # noqa: B023
        assert told == FIELD.sub(lambda field: values[int(field[1])], chinese)  # noqa: B023


def test_what_stands_in_for_a_value_is_told_in_chinese() -> None:
    """No English word is left within a Chinese sentence, and no name is taken for one."""
    words = catalog("zh")
    assert "none" in stand_ins()
    for word, where in stand_ins().items():
        if word.strip():
            assert HAN.search(words.value(word)), f"{where}: {word!r}"
    told = render(
        "'bank' has sentences of 0 sense(s) (none): give two senses, with at least five"
        " sentences each.",
        "zh",
    )
    assert "（无）" in told
    assert "none" not in told
    named = render("There is no run 'none'. There are: none.", "zh")
    assert "'none'" in named
    assert named.endswith("无。")


def test_values_move_and_phrases_inside_are_told_too() -> None:
    words = Catalog({"{0} of {1} is bad: {2}": "{1} 的 {0} 坏了：{2}", "mend the file": "请修复"})
    assert words.render("a.txt of run 7 is bad: mend the file") == "run 7 的 a.txt 坏了：请修复"
    assert words.render("b lies in c: mend the file") == "b lies in c: 请修复"
    assert words.render("nobody knows this") == "nobody knows this"


def test_english_is_left_as_it_is() -> None:
    assert render("there is no run in x: it has no run.json", "en") == (
        "there is no run in x: it has no run.json"
    )
    assert render("there is no run in x: it has no run.json", "zh") == (
        "x 中没有运行：其中没有 run.json"
    )


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh-Hans"}, "zh"),
        ({"LC_ALL": "C", "LANG": "zh_CN.UTF-8"}, "en"),
        ({"LC_ALL": "", "LC_MESSAGES": "zh_TW", "LANG": "en_US"}, "zh"),
        ({"LAYERFOLD_LANG": "zh", "LC_ALL": "en_GB.UTF-8"}, "zh"),
        ({"LANG": "zhx"}, "en"),
    ],
)
def test_the_language_is_the_environments(environment: dict[str, str], language: str) -> None:
    assert language_of(environment) == language


@pytest.mark.parametrize(
    "message",
    [
        "This server listens on 0.0.0.0, where others could train too. Start it with --lab FOLDER"
        " to allow it.",
        "The origin 'http://a.test:1' is not this server's page, which goes by 'b.test' here. If it"
        " is yours, start with --allow-host a.test:1, or have the proxy pass Host on as it came.",
        "The Host 'a.test' is not this server's name. If it is yours, start with --allow-host"
        " a.test, or set LAYERFOLD_ALLOWED_HOSTS.",
        "a/run.json cannot be read (Expecting value: line 1 column 1 (char 0)): restore it, or"
        " train this run again",
        "a/run.json cannot be read (No such file or directory): restore it, or train this run"
        " again",
        "atlas/reference.safetensors points outside its 12 windows of 24 tokens: restore it, or"
        " build the atlas again with `layerfold atlas`",
        "a/run.json was changed after it was written, for its digest is of other content: accept it"
        " with `layerfold check --accept`, or restore it, or train this run again",
        "this model does not know “cat”: it reads 0 … 112, +, =",
        "atlas/step-00000064.safetensors is not what atlas.json says: its sha256 is dd631c60e7fa…,"
        " not 4724cf8c79e2…: restore it, or build the atlas again with `layerfold atlas`",
        "claims.json cannot be read (claims.0.id: Input should be a valid string): make it again"
        " with `layerfold verify RUN --write`",
        "a/run.json cannot be read (sites: Field required): restore it, or train this run again",
        "projections/pca.safetensors belongs to another atlas: restore it, or build the"
        " projections again with `layerfold project`",
    ],
)
def test_a_refusal_of_the_page_is_chinese_throughout(message: str) -> None:
    """What was seen half in English there: reasons inside, and what to do behind."""
    told = re.sub("`[^`]*`|--[a-z-]+", "", render(message, "zh"))
    assert HAN.search(told)
    assert not SAID.search(told)
    assert "或 请" not in told
