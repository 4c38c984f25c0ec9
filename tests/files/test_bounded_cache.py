"""The shelf: made once, by one thread, kept while there is room."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from layerfold.files.bounded_cache import BoundedCache


def shelf_of(room: int) -> tuple[BoundedCache[str, str], list[str]]:
    made: list[str] = []

    def make(key: str) -> str:
        time.sleep(0.001)
        made.append(key)
        return key * 10

    return BoundedCache(room, make, len), made


def test_a_thing_is_made_once_however_many_ask() -> None:
    shelf, made = shelf_of(100)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(shelf.get, "abab" * 20))
    assert found == ["a" * 10, "b" * 10] * 40
    assert sorted(made) == ["a", "b"]


def test_different_things_are_made_at_the_same_time() -> None:
    both = threading.Barrier(2, timeout=60)

    def make(key: int) -> int:
        both.wait()
        return key

    shelf: BoundedCache[int, int] = BoundedCache(10, make, lambda thing: 1)
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(shelf.get, [1, 2])) == [1, 2]


def test_in_rounds_that_do_not_fit_most_stay() -> None:
    shelf, made = shelf_of(40)
    for _ in range(5):
        for key in "abcdef":
            shelf.get(key)
    assert len(made) <= 6 + 4 * 4, "the first three stay, the others take turns in the last place"


def test_what_is_used_most_stays() -> None:
    shelf, made = shelf_of(20)
    for key in "abcdef":
        shelf.get("x")
        shelf.get(key)
    assert made.count("x") == 1


def test_one_too_large_is_still_given() -> None:
    shelf, _ = shelf_of(5)
    assert shelf.get("a") == "a" * 10
    assert "a" in shelf
    assert not shelf.has_room()
    assert shelf.get("b") == "b" * 10
    assert "a" not in shelf


def test_a_failure_is_not_kept() -> None:
    tries: list[int] = []

    def make(key: str) -> str:
        tries.append(1)
        if len(tries) == 1:
            raise ValueError("not yet")
        return key

    shelf: BoundedCache[str, str] = BoundedCache(10, make, len)
    with pytest.raises(ValueError, match="not yet"):
        shelf.get("a")
    assert shelf.get("a") == "a"
    assert shelf.has_room()
