"""The scene alone, in a real browser: what it draws, what it names, how it survives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.scene_server import scene_served

pytestmark = pytest.mark.browser

PATIENCE = 180_000  # milliseconds; software rendering on a busy machine


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with scene_served(tmp_path_factory.mktemp("modules")) as served:
        yield served


Opener = Callable[..., Page]


@pytest.fixture(scope="module")
def opened(browsers: Browser, origin: str) -> Iterator[Opener]:
    """Opens the test page; fails the test when the page threw or asked another origin for
    anything.
    """
    foreign: list[str] = []
    thrown: list[str] = []
    pages: list[Page] = []

    def open_page(query: str, width: int = 960, height: int = 640) -> Page:
        page = browsers.new_page(viewport={"width": width, "height": height})
        pages.append(page)
        page.set_default_timeout(PATIENCE)
        page.on(
            "request",
            lambda r: (
                None if r.url.startswith((origin, "data:", "blob:")) else foreign.append(r.url)
            ),
        )
        page.on("pageerror", lambda error: thrown.append(str(error)))
        page.on("dialog", lambda dialog: thrown.append(dialog.message))
        page.goto(f"{origin}/scene/?{query}", wait_until="commit", timeout=PATIENCE)
        page.wait_for_selector("html[data-ready]", state="attached", timeout=PATIENCE)
        return page

    yield open_page
    for page in pages:
        page.close()
    assert foreign == []
    assert thrown == []


@pytest.fixture(scope="module")
def still(opened: Opener) -> Page:
    return opened("still&points=3000&sentences=2")


@pytest.fixture(autouse=True)
def _rest(request: pytest.FixtureRequest) -> None:
    """Every test that shares the page starts from the same picture."""
    if "still" in request.fixturenames:
        page = request.getfixturevalue("still")
        page.set_viewport_size({"width": 960, "height": 640})
        page.mouse.move(2, 2)
        page.evaluate("""async () => {
            scene.setCamera(null); scene.setReducedMotion(true); scene.setTheme('dark');
              scene.focus(null);
            await scene.show(make(), { ms: 0 });
            Object.assign(log, { hover: [], pick: [], camera: [], touch: 0 });
        }""")
        settle(page)


def settle(page: Page) -> None:
    page.evaluate(
        "() => new Promise((done) => setTimeout(() => requestAnimationFrame(() =>"
        " requestAnimationFrame(done)), 260))"
    )


LONELY = """() => {
  const places = Array.from({ length: 3000 }, (_, index) => scene.locate({ kind: 'cloud', index }));
  const others = [...places];
  for (const s of [0, 1]) for (let token = 0; token < 9;
    token++) others.push(scene.locate({ kind: 'sentence', id: 's' + s, token }));
  const spans = [...document.querySelectorAll('#scene span')];
  const names = spans.map((node) => node.getBoundingClientRect());
  const free = places.map((p, index) => ({ p, index })).filter(({ p,
    index }) => p && p.x > 30 && p.y > 30 && p.x < 930 && p.y < 610
    && others.every((o, k) => k === index || !o || Math.hypot(o.x - p.x, o.y - p.y) > 12)
    && names.every((r) => p.x < r.left || p.x > r.right || p.y < r.top || p.y > r.bottom));
  return free.slice(0, 5).map(({ p, index }) => ({ index, x: p.x, y: p.y }));
}"""


def pixels(page: Page) -> dict[str, float]:
    """Mean and spread of the brightness of what `image()` gives, 0-255."""
    found: dict[str, float] = page.evaluate("""async () => {
        const image = new Image(); image.src = await scene.image(); await image.decode();
        const canvas = document.createElement('canvas'); canvas.width = image.width;
          canvas.height = image.height;
        const pen = canvas.getContext('2d', { willReadFrequently: true });
          pen.drawImage(image, 0, 0);
        const { data } = pen.getImageData(0, 0, canvas.width, canvas.height);
        let sum = 0, square = 0; const n = data.length / 4;
        for (let i = 0; i < data.length;
          i += 4) {
            const v = (data[i] + data[i + 1] + data[i + 2]) / 3;
            sum += v; square += v * v;
        }
        return { mean: sum / n, spread: Math.sqrt(square / n - (sum / n) ** 2),
          width: image.width, height: image.height };
    }""")
    return found


def test_plotlys_private_parts_are_where_they_were(still: Page) -> None:
    """Fails when a new Plotly moves what the scene leans on; then the scene falls back, and this
    must be looked at.
    """
    stats = still.evaluate("scene.stats()")
    assert still.evaluate("scene.mode") == "webgl"
    assert stats["engine"] == "own"
    assert stats["points"] == 3000
    assert still.locator(".modebar-btn").count() == 0


def test_hover_and_click_name_the_right_token_after_a_glide(still: Page) -> None:
    still.evaluate(
        "async () => { scene.setReducedMotion(false); await scene.show(make({ site: 3, seed: 7 }),"
        " { ms: 300 }); }"
    )
    settle(still)
    lonely = still.evaluate(LONELY)
    assert len(lonely) >= 3
    for spot in lonely:
        still.mouse.move(spot["x"], spot["y"])
        still.wait_for_function("i => log.hover.at(-1)?.index === i", arg=spot["index"])
        still.mouse.click(spot["x"], spot["y"])
        assert still.evaluate("log.pick.at(-1)") == {"kind": "cloud", "index": spot["index"]}


def test_the_tokens_of_a_sentence_are_named(still: Page) -> None:
    for token in range(9):
        spot = still.evaluate("t => scene.locate({ kind: 'sentence', id: 's0', token: t })", token)
        still.mouse.click(spot["x"], spot["y"])
    picks = still.evaluate("log.pick")
    assert len(picks) == 9
    assert {p["token"] for p in picks if p["kind"] == "sentence" and p["id"] == "s0"} >= set(
        range(9)
    ) - {3, 5}


def test_a_drag_turns_the_camera_and_picks_nothing(still: Page) -> None:
    before = still.evaluate("scene.camera().eye")
    for i in range(12):
        still.mouse.move(300 + 20 * i, 330)
        still.mouse.down()
        still.mouse.move(308 + 20 * i, 336, steps=3)
        still.mouse.up()
    settle(still)
    assert still.evaluate("log.pick") == []
    assert still.evaluate("scene.camera().eye") != before
    still.wait_for_function("() => log.camera.length > 0")


def test_the_wheel_zooms(still: Page) -> None:
    distance = "(() => { const { x, y, z } = scene.camera().eye; return Math.hypot(x, y, z); })()"
    before = still.evaluate(distance)
    still.mouse.move(480, 320)
    for _ in range(4):
        still.mouse.wheel(0, -120)
        still.wait_for_timeout(60)
    still.wait_for_function(f"d => {distance} < d", arg=before)


def test_the_camera_turns_while_the_points_glide(still: Page) -> None:
    before = still.evaluate("scene.camera().eye")
    still.evaluate("""() => {
        scene.setReducedMotion(false); window.settled = false;
        scene.show(make({ site: 1 }), { ms: 2500 }).then(() => (window.settled = true));
    }""")
    still.mouse.move(400, 300)
    still.mouse.down()
    still.mouse.move(600, 360, steps=12)
    still.mouse.up()
    turned = still.evaluate("scene.camera().eye")
    assert turned != before
    still.wait_for_function("() => window.settled")
    settle(still)
    after = still.evaluate("scene.camera().eye")
    assert (
        abs(after["x"] - before["x"])
        + abs(after["y"] - before["y"])
        + abs(after["z"] - before["z"])
        > 0.1
    )


def test_a_newer_picture_takes_over_and_both_promises_resolve(still: Page) -> None:
    end = still.evaluate("""async () => {
        scene.setReducedMotion(false);
        const first = scene.show(make({ site: 0 }), { ms: 4000 });
        await new Promise((done) => setTimeout(done, 120));
        const second = scene.show(make({ site: 12 }), { ms: 200 });
        await first; await second;
        const glided = scene.locate({ kind: 'cloud', index: 40 });
        await scene.show(make({ site: 12 }), { ms: 0 });
        return { glided, direct: scene.locate({ kind: 'cloud', index: 40 }) };
    }""")
    assert end["glided"] == pytest.approx(end["direct"])


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_labels_stand_apart_and_hold_what_was_typed(still: Page, theme: str) -> None:
    show = (
        "async (theme) => { scene.setTheme(theme); await scene.show(make({ sentences: 5, tokens:"
        " 20, theme }), { ms: 0 }); }"
    )
    still.evaluate(show, theme)
    still.wait_for_timeout(500)
    boxes: list[dict[str, Any]] = still.evaluate(
        """() => [...document.querySelectorAll('#scene span')].filter((n) => n.style.opacity > 0)
        .map((n) => [n.textContent, n.getBoundingClientRect()])
        .map(([text, r]) => ({ text, l: r.left, t: r.top, r: r.right, b: r.bottom }))"""
    )
    assert len(boxes) > 15
    for i, a in enumerate(boxes):
        for b in boxes[i + 1 :]:
            apart = (
                a["r"] <= b["l"] + 0.5
                or b["r"] <= a["l"] + 0.5
                or a["b"] <= b["t"] + 0.5
                or b["b"] <= a["t"] + 0.5
            )
            assert apart, f"{a} {b}"
    assert still.locator("#scene img").count() == 0
    assert still.locator("#scene b").count() == 0


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_picture_can_be_saved(still: Page, theme: str) -> None:
    still.evaluate(
        "async (theme) => { scene.setTheme(theme); await scene.show(make({ theme }), { ms: 0 }); }",
        theme,
    )
    seen = pixels(still)
    assert (seen["width"], seen["height"]) == (960, 640)
    assert seen["spread"] > 4
    assert seen["mean"] < 60 if theme == "dark" else seen["mean"] > 200


def test_the_scene_follows_its_element(still: Page) -> None:
    still.set_viewport_size({"width": 390, "height": 700})
    still.wait_for_function("() => document.querySelector('#scene canvas').width === 390")
    settle(still)
    still.evaluate("scene.setCamera(null)")
    settle(still)
    spot = still.evaluate("scene.locate({ kind: 'sentence', id: 's0', token: 0 })")
    assert 0 <= spot["x"] <= 390
    assert 0 <= spot["y"] <= 700


def test_axes_come_and_go_and_the_camera_stays(still: Page) -> None:
    still.evaluate(
        "scene.setCamera({ eye: { x: 1, y: 1.2, z: 0.4 }, center: { x: 0, y: 0, z: 0 }, up: { x: 0,"
        " y: 0, z: 1 } })"
    )
    settle(still)
    still.evaluate("scene.setAxes(true)")
    settle(still)
    eye = still.evaluate("scene.camera().eye")
    still.evaluate("scene.setAxes(false)")
    settle(still)
    assert still.evaluate("scene.camera().eye") == pytest.approx(eye, abs=1e-3)
    assert eye == pytest.approx({"x": 1, "y": 1.2, "z": 0.4}, abs=1e-2)
    assert still.evaluate("scene.stats().engine") == "own"


def test_a_lost_context_is_rebuilt_with_the_same_picture_and_camera(still: Page) -> None:
    still.evaluate(
        "scene.setCamera({ eye: { x: 0.9, y: 1.1, z: 0.6 }, center: { x: 0, y: 0, z: 0 }, up: { x:"
        " 0, y: 0, z: 1 } })"
    )
    settle(still)
    before = pixels(still)
    place = still.evaluate("scene.locate({ kind: 'cloud', index: 11 })")
    count = still.evaluate("scene.stats().rebuilt")
    still.evaluate(
        "document.querySelector('#scene"
        " canvas').getContext('webgl').getExtension('WEBGL_lose_context').loseContext()"
    )
    still.wait_for_function("n => scene.stats().rebuilt === n + 1", arg=count)
    settle(still)
    after = pixels(still)
    assert after["spread"] == pytest.approx(before["spread"], rel=0.05)
    assert still.evaluate("scene.locate({ kind: 'cloud', index: 11 })") == pytest.approx(
        place, abs=1.5
    )
    assert still.locator("#scene canvas").count() == 1


def test_updates_leak_neither_buffers_nor_nodes_nor_memory(still: Page) -> None:
    session = still.context.new_cdp_session(still)

    def held() -> dict[str, float]:
        session.send("HeapProfiler.collectGarbage")
        heap = session.send("Runtime.getHeapUsage")["usedSize"]
        counts: dict[str, float] = still.evaluate(
            "({ buffers: scene.stats().buffers, nodes: document.getElementsByTagName('*').length })"
        )
        return {**counts, "heap": heap}

    run = """async (rounds) => {
        const points = 1500;
        const pictures = [make({ points, site: 2 }), make({ points, site: 9, seed: 8,
          links: 20 }), make({ points, sentences: 3 })];
        for (let i = 0; i < rounds; i++) {
            scene.show(pictures[i % 3], { ms: i % 2 ? 0 : 5 });
            if (i % 10 === 9) await new Promise(requestAnimationFrame);
        }
        await scene.show(pictures[0], { ms: 0 });
    }"""
    still.set_viewport_size({"width": 320, "height": 240})
    still.evaluate(run, 100)
    before = held()
    still.evaluate(run, 2000)
    after = held()
    assert after["buffers"] == before["buffers"]
    assert after["nodes"] <= before["nodes"] + 2
    assert after["heap"] - before["heap"] < 1_500_000


def test_the_idle_turn_stops_at_the_first_touch(opened: Opener) -> None:
    page = opened("points=500&sentences=1", 480, 360)
    first = page.evaluate("scene.camera().eye.x")
    page.wait_for_function("x => Math.abs(scene.camera().eye.x - x) > 1e-4", arg=first)
    page.mouse.click(5, 5)
    settle(page)
    rest = page.evaluate("scene.camera().eye")
    settle(page)
    assert page.evaluate("scene.camera().eye") == rest
    assert page.evaluate("log.touch") == 1


def test_without_webgl_the_same_tokens_stand_on_a_plane(opened: Opener) -> None:
    page = opened("blind&points=6000&sentences=2", 800, 600)
    assert page.evaluate("scene.mode") == "flat"
    assert page.locator("#scene .scatterlayer .point").count() >= 4000
    assert "<b>" not in page.locator("#scene").inner_text()
    assert page.evaluate("scene.image()").startswith("data:image/png")


def test_when_plotlys_private_parts_move_its_own_points_take_over(opened: Opener) -> None:
    messages: list[str] = []
    page = opened("moved&points=800&sentences=1", 800, 600)
    page.on("console", lambda message: messages.append(message.text))
    assert page.evaluate("scene.stats().engine") == "scatter3d"
    assert page.evaluate("scene.mode") == "webgl"
    page.evaluate("scene.show(make({ site: 2 }), { ms: 100 })")
    assert page.evaluate("scene.image()").startswith("data:image/png")
    assert [m for m in messages if "failed" in m] == []
