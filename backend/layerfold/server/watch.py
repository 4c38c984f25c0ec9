"""Looks at the runs once a second: what has come, gone or changed is told to every page, and what
lacks clouds is followed.

Following is the work of child processes, two at once; the others wait in line. One that waits for
the next step of its run gives its place up to a run that has nothing to show yet.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from layerfold.errors import AtlasMissing, Busy, LayerfoldError
from layerfold.interp.session import Session
from layerfold.metrics.files import standing
from layerfold.server.catalog import Catalog, stamp_of
from layerfold.server.processes import ProcessPool
from layerfold.server.protocol.http import Building

EVERY: Final = 1.0  # seconds between two looks
FOLLOWERS: Final = 2
# seconds that a follower waits for the next step before it ends; a new step starts another
IDLE: Final = 600.0
AGAIN: Final = 30.0  # seconds until a follower that failed is tried again, doubled each time
LONGEST: Final = 1800.0
WAITING: Final = "waiting"
log = logging.getLogger(__name__)


@dataclass
class Followed:
    """What is known of a run's follower: how the run looked when it began, how often it failed,
    since when it only waits.
    """

    stamp: tuple[int, ...] = ()
    failures: int = 0
    due: float = 0.0
    idle: float | None = None
    problem: str = ""


@dataclass
class Watch:
    """``logs`` is the folder for what followers complain of; without a ``workshop`` nothing is
    followed.
    """

    catalog: Catalog
    workshop: ProcessPool | None = None
    logs: Path = Path()
    clock: Callable[[], float] = time.monotonic
    _seen: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    _needs: dict[str, tuple[tuple[int, ...], str]] = field(default_factory=dict)
    _followed: dict[str, Followed] = field(default_factory=dict)
    _line: tuple[str, ...] = ()
    _closed: bool = False

    async def run(self, tell: Callable[[Iterable[str]], None], every: float = EVERY) -> None:
        """Looks until cancelled, in a thread beside the loop; ``tell`` hears of the runs that
        changed, in the loop.
        """
        self._closed = False  # an application may be started again
        while True:
            try:
                changed = await asyncio.to_thread(self.look)
            except Exception:
                log.exception("looking at the runs failed")
                changed = set()
            if changed:
                tell(sorted(changed))
            await asyncio.sleep(every)

    def look(self) -> set[str]:
        """The names of the runs that came, went or changed since the last look; followers are
        started and ended as needed.
        """
        self.catalog.refresh()
        stamps = {name: stamp_of(folder) for name, folder in self.catalog.folders.items()}
        self.catalog.look_again(
            name for name, stamp in stamps.items() if self._seen.get(name, ((),))[0] != stamp
        )
        if self.workshop is not None:
            self._follow(self.workshop, stamps)
        now = {
            name: (stamp, self._told(name), self.problem(name)) for name, stamp in stamps.items()
        }
        first, before = not self._seen, self._seen
        self._seen = now
        return (
            set()
            if first
            else {name for name in {*before, *now} if before.get(name) != now.get(name)}
        )

    def building(self, name: str) -> Building | None:
        """What is being made of a run just now; None where nothing is."""
        if self.workshop is None:
            return None
        if name in self._line:
            return Building(stage="line", share=0.0)
        if self.workshop.state(name) != "running":
            return None
        said = self.workshop.said(name) or {"stage": "starting", "share": 0.0}
        if not isinstance(said.get("share"), int | float) or not isinstance(said.get("stage"), str):
            return None
        if said["stage"] == WAITING:
            return None if said["share"] else Building(stage=WAITING, share=0.0)
        return Building(stage=said["stage"], share=min(1.0, max(0.0, float(said["share"]))))

    def problem(self, name: str) -> str:
        """Why a run could not be followed, where it could not."""
        one = self._followed.get(name)
        return one.problem if one else ""

    def _told(self, name: str) -> tuple[str, int] | None:
        """What pages are told of the making: the stage, and the share in hundredths."""
        now = self.building(name)
        return None if now is None else (now.stage, int(100 * now.share))

    # ---- followers

    def _follow(self, workshop: ProcessPool, stamps: dict[str, tuple[int, ...]]) -> None:
        """The runs that need it most have a follower, and those that are gone have none."""
        now = self.clock()
        for name in workshop.busy():
            if name not in stamps:
                workshop.stop(name)
        for name, stamp in stamps.items():
            self._settle(workshop, name, stamp, now)
        needs = {name: self._need(name, stamp) for name, stamp in stamps.items()}
        wanting = [
            name
            for name in stamps
            if needs[name]
            and workshop.state(name) != "running"
            and self._may(name, stamps[name], now)
        ]
        self._line = ()
        for name in sorted(wanting, key=lambda one: needs[one] != "clouds"):
            if len(workshop.busy()) >= workshop.running and not (
                needs[name] == "clouds" and self._make_way(workshop, needs)
            ):
                self._line = tuple(
                    one
                    for one in wanting
                    if needs[one] == "clouds" and workshop.state(one) != "running"
                )
                return
            self._start(workshop, name, stamps[name])

    def _need(self, name: str, stamp: tuple[int, ...]) -> str:
        """``clouds`` where a run lacks some, ``eyes`` where more are to come or its end is to be
        made, nothing for others.
        """
        known = self._needs.get(name)
        if known is None or known[0] != stamp:
            try:
                known = (stamp, need_of(self.catalog.open(name)))
            except LayerfoldError:
                known = (stamp, "")
            except Exception:  # one run must not end the news of all
                log.exception("%s cannot be followed", name)
                known = (stamp, "")
            self._needs[name] = known
        return known[1]

    def _settle(self, workshop: ProcessPool, name: str, stamp: tuple[int, ...], now: float) -> None:
        """What has become of a run's follower is known: it works, waits (in the end too long), or
        has ended.
        """
        state, one = workshop.state(name), self._followed.setdefault(name, Followed())
        if state == "running":
            said = workshop.said(name) or {}
            idle = said.get("stage") == WAITING and one.stamp == stamp
            one.idle = (one.idle or now) if idle else None
            one.stamp = stamp if said.get("stage") == WAITING else one.stamp
            if one.idle and now - one.idle > IDLE and self._needs.get(name, ((), ""))[1] != "news":
                workshop.stop(name)
                workshop.forget(name)
        elif state == "ended":
            failed = workshop.code(name) != 0
            one.failures = one.failures + 1 if failed else 0
            one.problem = workshop.complaint(name).removeprefix("layerfold: ") if failed else ""
            one.due = now + min(LONGEST, AGAIN * 2 ** (one.failures - 1)) if failed else 0.0
            one.stamp, one.idle = stamp, None
            if failed:
                log.warning("%s could not be followed: %s", name, one.problem)
            workshop.forget(name)

    def _may(self, name: str, stamp: tuple[int, ...], now: float) -> bool:
        """Whether a follower may be started: there was none, its time has come after a failure, or
        the run looks otherwise since.
        """
        one = self._followed[name]
        return one.stamp != stamp or (one.failures > 0 and now >= one.due)

    def _make_way(self, workshop: ProcessPool, needs: dict[str, str]) -> bool:
        """A follower that only waits has ended; whether there was one."""
        idle = [
            name
            for name in workshop.busy()
            if self._followed[name].idle is not None and needs.get(name) != "clouds"
        ]
        if idle:
            workshop.stop(idle[0])
            workshop.forget(idle[0])
        return bool(idle)

    def _start(self, workshop: ProcessPool, name: str, stamp: tuple[int, ...]) -> None:
        folder = self.catalog.folders[name].resolve()
        if self._closed:
            return
        try:
            workshop.start(
                name, ("atlas", str(folder), "--follow"), self.logs / f"follow-{name}.log"
            )
            self._followed[name].stamp, self._followed[name].idle = (), None
        except (OSError, Busy) as error:
            log.warning("%s cannot be followed: %s", name, error)

    def close(self) -> None:
        """No follower is left, and none comes."""
        self._closed = True
        if self.workshop is not None:
            self.workshop.close()


def need_of(opened: Session) -> str:
    """``clouds`` where steps of a run have none, ``eyes`` where more are to come or what ends a
    grown atlas is missing, else nothing; ``news`` where nobody but its follower learns that more
    have come: a Trainer does not write our cards.
    """
    run = opened.run
    try:
        atlas = opened.atlas
    except AtlasMissing:
        return "clouds" if run.steps or opened.live else ""
    if set(run.steps) - set(atlas.steps):
        return "clouds"
    if opened.live:
        return "news" if opened.kind == "hf" else "eyes"
    return "eyes" if "numbers" in atlas.card and standing(run.folder) is None else ""
