"""The lab: trainings begin, pause, go on and end, within bounds; they outlive the server, and
nothing else is ever deleted.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from layerfold.errors import Busy, CorpusError, InputError, JobNotFound, LabClosed
from layerfold.locales.messages import render
from layerfold.runs.opening import open_run
from layerfold.server import lab as module
from layerfold.server.lab import Lab
from layerfold.server.protocol.lab import NewJob
from tests.readme import block
from tests.server.made_lab import TRAINER, asked, job, until, workshop
from tests.server.test_processes import alive


def test_a_training_begins_is_heard_and_finishes(lab: Lab, tmp_path: Path) -> None:
    card = lab.create(asked(7, title="  Sums <b>of</b>\nmine "))
    assert (card.status, card.run, card.optimizer, card.numbers["seed"]) == (
        "running",
        card.id,
        "adamw",
        7,
    )
    assert "/" not in card.run
    until(lab, lambda: job(lab, card.id).status == "finished")
    done = job(lab, card.id)
    assert (done.step, done.test) == (done.steps, 0.75)
    folder = tmp_path / "lab" / card.run
    assert json.loads((folder / "job.json").read_text())["status"] == "finished"
    assert not (folder / "paused").exists()
    with pytest.raises(InputError, match="is finished"):
        lab.pause(card.id)


def test_pause_ends_the_process_and_resume_goes_on_where_it_was(lab: Lab, tmp_path: Path) -> None:
    card = lab.create(asked())
    until(lab, lambda: job(lab, card.id).step > 3)
    paused = lab.pause(card.id)
    assert (paused.status, lab.workshop.busy()) == ("paused", ())
    assert (tmp_path / "lab" / card.run / "paused").exists(), "no more steps are to be expected"
    assert lab.resume(card.id).status == "running"
    assert not (tmp_path / "lab" / card.run / "paused").exists()
    assert job(lab, card.id).step >= paused.step, (
        "a step that was reached is never taken back on the page"
    )
    until(lab, lambda: job(lab, card.id).step > paused.step)
    assert lab.stop(card.id).status == "stopped"
    assert lab.resume(card.id).status == "running"


def test_one_that_is_paused_before_it_listens_is_paused(lab: Lab) -> None:
    card = lab.create(asked())
    assert lab.pause(card.id).status == "paused", (
        "its program was still being loaded, and ended by the signal"
    )
    lab.resume(card.id)
    until(lab, lambda: job(lab, card.id).step > 0)


def test_two_run_the_others_wait_their_turn(lab: Lab) -> None:
    first, second, third, fourth = (lab.create(asked(seed)) for seed in range(4))
    assert [card.status for card in (first, second, third, fourth)] == [
        "running",
        "running",
        "waiting",
        "waiting",
    ]
    assert lab.stop(third.id).status == "stopped"
    lab.pause(first.id)
    assert (job(lab, second.id).status, job(lab, fourth.id).status) == ("running", "running")
    assert lab.resume(first.id).status == "waiting"
    assert [card.id for card in lab.jobs().jobs] == [fourth.id, third.id, second.id, first.id]


def test_what_fails_says_why(lab: Lab) -> None:
    card = lab.create(asked(13))
    until(lab, lambda: job(lab, card.id).status != "running")
    assert (job(lab, card.id).status, job(lab, card.id).message) == (
        "failed",
        "the corpus is too short",
    )
    assert lab.resume(card.id).status == "running"


def test_a_process_that_was_killed_is_said_to_be_with_what_to_do() -> None:
    for code, words in ((-9, "killed (signal 9)"), (3, "ended with 3")):
        said = module.how_it_ended(code)
        assert words in said
        assert "Resume it" in said
        assert not re.search("[a-z] [a-z]", render(said, "zh"))


def test_bounds(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT", 1)
    card = lab.create(asked())
    with pytest.raises(Busy, match=r"keeps 1 trainings.*Delete"):
        lab.create(asked())
    until(lab, lambda: job(lab, card.id).step > 3)
    monkeypatch.setattr(module, "MINUTES", 0.0001)
    until(lab, lambda: job(lab, card.id).status == "stopped")
    assert "0.0001 minutes" in job(lab, card.id).message
    monkeypatch.setattr(module, "BYTES", 1)
    with pytest.raises(InputError, match="would take more"):
        lab.create(asked())
    monkeypatch.setattr(module, "MINUTES", 10.0)
    monkeypatch.setattr(module, "WEIGHED", 0.0)
    lab.resume(card.id)
    until(lab, lambda: job(lab, card.id).status == "stopped")
    assert "on disk" in job(lab, card.id).message or "takes" in job(lab, card.id).message


def test_numbers_out_of_bounds_are_named(lab: Lab) -> None:
    for numbers, word in (
        ({"steps": 1e9}, "20000"),
        ({"learning_rate": 0.0}, "1e-05"),
        ({"seed": 0.5}, "whole"),
        ({"depth": 3.0}, "depth"),
    ):
        with pytest.raises(InputError, match=word):
            lab.create(NewJob(task="modular-addition", numbers=numbers))
    for other, word in (
        (NewJob(task="chess", numbers={}), "chess"),
        (NewJob(task="modular-addition", optimizer="lion", numbers={}), "lion"),
    ):
        with pytest.raises(InputError, match=word):
            lab.create(other)
    with pytest.raises((InputError, CorpusError), match="bytes"):
        lab.create(NewJob(task="text", text="short", numbers={}))
    assert lab.jobs().jobs == []
    assert not list((lab.folder or Path()).glob("*/")), "what is refused leaves nothing behind"


def test_deleting_takes_the_run_and_nothing_else(lab: Lab, tmp_path: Path) -> None:
    other = tmp_path / "lab" / "precious"
    other.mkdir()
    (other / "run.json").write_text("{}")
    card, kept = lab.create(asked()), lab.create(asked(1))
    until(lab, lambda: job(lab, card.id).step > 0)
    for id in ("precious", "../lab", "..", "", "/", str(other), card.id + "/.."):
        with pytest.raises(JobNotFound):
            lab.remove(id)
    assert [one.id for one in lab.remove(card.id).jobs] == [kept.id]
    assert not (tmp_path / "lab" / card.run).exists()
    assert (other / "run.json").exists()
    with pytest.raises(JobNotFound):
        lab.resume(card.id)


def test_a_closed_server_leaves_jobs_that_the_next_one_resumes(tmp_path: Path) -> None:
    with closing(Lab(tmp_path, workshop())) as first:
        card = first.create(asked())
        until(first, lambda: job(first, card.id).step > 2)
    with closing(Lab(tmp_path, workshop())) as second:
        found = job(second, card.id)
        assert (found.status, found.step > 2, found.title) == ("paused", True, card.title)
        second.resume(card.id)
        until(second, lambda: job(second, card.id).step > found.step)


def test_a_killed_server_leaves_jobs_that_the_next_one_resumes(tmp_path: Path) -> None:
    server = """
import sys, time
from pathlib import Path
from layerfold.server.protocol.lab import NewJob
from layerfold.server.lab import Lab
from layerfold.server.processes import ProcessPool
lab = Lab(Path(sys.argv[1]), ProcessPool(2, (sys.executable, "-c", sys.argv[2])))
card = lab.create(NewJob(task="modular-addition"))
while lab.jobs().jobs[0].step < 3:
    lab.look()
    time.sleep(0.01)
print(card.id, lab.workshop._children[card.id].process.pid, flush=True)
time.sleep(60)
"""
    with subprocess.Popen(
        [sys.executable, "-c", server, str(tmp_path), TRAINER], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout
        id, trainer = child.stdout.readline().split()
        child.send_signal(signal.SIGKILL)
    with closing(Lab(tmp_path, workshop())) as lab:
        found = job(lab, id)
        assert (found.status, found.step >= 3, found.test) == ("paused", True, 0.5)
        until(lab, lambda: not alive(int(trainer)))
        assert (tmp_path / id / "saved").exists(), "the trainer noticed, and saved"
        lab.resume(id)
        until(lab, lambda: job(lab, id).step > found.step)


def test_one_server_has_a_lab(lab: Lab, tmp_path: Path) -> None:
    lab.create(asked())
    other = Lab(tmp_path / "lab", workshop())
    assert "Another server" in (other.offer().closed or asked()).message  # type: ignore[union-attr]
    assert other.jobs().jobs == []
    with pytest.raises(LabClosed, match="Another server"):
        other.create(asked())


def test_a_job_file_that_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    for name, text in (
        ("a", "{"),
        ("b", "{}"),
        ("c", '{"id": "other", "task": "x", "title": "", "optimiser": "", "numbers": {}}'),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / "job.json").write_text(text)
    with closing(Lab(tmp_path, workshop())) as lab:
        assert lab.jobs().jobs == []


def test_news_come_only_when_there_are_some(lab: Lab) -> None:
    lab.look()
    assert lab.look() == (False, set())
    card = lab.create(asked(7))
    assert lab.look()[0]
    until(lab, lambda: job(lab, card.id).status == "finished")
    lab.look()
    assert lab.look() == (False, set())


# ---- with the real trainer


def test_a_real_training_is_an_ordinary_run(tmp_path: Path) -> None:
    with closing(Lab(tmp_path)) as lab:
        card = lab.create(
            NewJob(task="modular-addition", optimizer="sgd", numbers={"steps": 60, "seed": 5})
        )
        until(lab, lambda: job(lab, card.id).status != "running", 120)
        assert (job(lab, card.id).status, job(lab, card.id).message) == ("finished", "")
        run = open_run(tmp_path / card.run)
        assert (run.live, run.steps[-1], run.verify()) == (False, 60, [])
        rows = run.metrics()
        assert {"train_accuracy", "test_accuracy", "loss"} <= set(rows[0])
        assert job(lab, card.id).test is not None


def test_the_lines_of_the_readme(tmp_path: Path) -> None:
    serve, go_on = (line.split("#")[0].split() for line in block("lab").strip().splitlines())
    program = [sys.executable, "-m", "layerfold.cli.main"]
    environment = {
        **os.environ,
        "LAYERFOLD_PORT": "0",
        "LAYERFOLD_BUILD": "0",
        "CI": "1",
    }
    with subprocess.Popen(
        [*program, *serve[1:]], cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout
        address = next(word for word in server.stdout.readline().split() if word.startswith("http"))
        with httpx.Client(base_url=address, timeout=60) as page:
            begun = page.post(
                "/api/jobs", json={"task": "modular-addition", "numbers": {"steps": 20_000}}
            ).json()
            end = time.monotonic() + 60
            while not page.get("/api/jobs").json()["jobs"][0]["step"] and time.monotonic() < end:
                time.sleep(0.2)
        server.send_signal(signal.SIGINT)
        server.wait(60)
    folder = tmp_path / "trainings" / begun["run"]
    reached = open_run(folder).metrics()[-1]["step"]
    assert (json.loads((folder / "job.json").read_text())["status"], open_run(folder).live) == (
        "paused",
        False,
    )
    with subprocess.Popen(
        [*program, *go_on[1:], "--json"], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    ) as trainer:
        assert trainer.stdout
        first = next(
            said["step"]
            for line in trainer.stdout
            if (said := json.loads(line))["stage"] == "training"
        )
        trainer.terminate()
    assert 0 < reached < first + 20
    assert first > 0
