"""The first click on every control, in every state of the page: something happens, all stays whole.

A page for each state of it; each control is clicked once, then what the page knew before is put
back (a fresh page where a click has led away, or the control is not there again). What happens is a
change of the page outside the scene, of what the page knows, of the address, a download, or a
dialogue. Controls that stand for what is so already (the tab that is open, the speed that is
chosen) are left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Dialog
from playwright.sync_api import Error as PlaywrightError

from tests.browser.conftest import Open, Visit

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.long]

Message = dict[str, Any]
Look = dict[str, Any]
LOOKS: dict[str, Look] = {
    "window": {},
    "light": {"link": "#v=1&theme=light", "width": 1920, "height": 1080},
    "phone": {"link": "#v=1&lang=zh", "width": 390, "height": 844},
}
PICKED = "s.sentences.length && s.sentences.every((one) => one.status === 'placed')"
# Nothing is being asked any more.
ANSWERED = """(() => { const { inside, meaning, inspecting } = layerfold.store.get();
  return inspecting === null && [inside, meaning].every((one) =>
    !Object.keys(one.asking).length); })()"""
INSIDE: Message = {"type": "drawer.toggle", "section": "inside"}


def inside(tab: str) -> list[Message]:
    """The messages that open a tab of the internals."""
    return [{"type": "inside.set", "tab": tab}, INSIDE]


STATES: dict[str, list[Message]] = {
    "opening": [],
    "token": [{"type": "pick", "pick": {"kind": "cloud", "index": 3}}],
    **{
        tab: inside(tab)
        for tab in (
            "attention",
            "decomposition",
            "ablation",
            "generation",
            "gradients",
            "optimizer-step",
            "landscape",
        )
    },
    "meaning": [{"type": "drawer.toggle", "section": "meaning"}],
    "metrics": [{"type": "drawer.toggle", "section": "metrics"}],
    "compare": [{"type": "compare.toggle"}],
    "lab": [{"type": "lab.toggle"}],
    "curves": [{"type": "curves.toggle"}],
    "tower": [{"type": "projection", "name": "plane"}],
    "search": [{"type": "sheet.toggle", "sheet": "search"}],
    "help": [{"type": "sheet.toggle", "sheet": "help"}],
    "about": [{"type": "sheet.toggle", "sheet": "about"}],
    "sentences": [{"type": "sheet.toggle", "sheet": "sentences"}],
    "door": [{"type": "sheet.toggle", "sheet": "door"}],
}

# Buttons in view that can be pressed, each by a name that is the same on another page.
CONTROLS = """() => {
  const chosen = (one) => ['aria-checked', 'aria-selected', 'aria-current'].some(
      (name) => !['false', null].includes(one.getAttribute(name)))
    || (one.closest('.speeds') && one.getAttribute('aria-pressed') === 'true');
  const all = [...document.querySelectorAll('button, summary, input[type=checkbox]')];
  const seen = {};
  const kinds = {};
  // of many alike (tokens of a sentence, rows of a list) three stand for all
  const alike = (one) => {
    const kind = one.id || [one.closest('[id]')?.id, one.className].join('|');
    kinds[kind] = (kinds[kind] ?? 0) + 1;
    return kinds[kind] <= 3;
  };
  return all.filter((one) => !one.disabled && !one.closest('[inert], [role=slider]')
    && one.checkVisibility({ opacityProperty: true, visibilityProperty: true })
    && one.getBoundingClientRect().width > 2 && !chosen(one) && alike(one)).map((one) => {
      const at = one.id || [one.closest('[id]')?.id, one.className, one.textContent.trim(),
        one.getAttribute('aria-label')].join('|');
      seen[at] = (seen[at] ?? 0) + 1;
      one.dataset.control = `${at}#${seen[at]}`;
      return one.dataset.control;
    });
}"""

# Presses one and tells whether anything came of it; "covered" where something else stays over it:
# an answer that comes can move it away once it has been scrolled to.
PRESS = """async (name) => {
  const one = [...document.querySelectorAll('[data-control]')]
    .find((each) => each.dataset.control === name);
  if (!one) return 'gone';
  const reached = async () => {
    one.scrollIntoView({ block: 'center', inline: 'center' });
    await new Promise((done) => setTimeout(done, 60));
    const box = one.getBoundingClientRect();
    const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    return Boolean(top) && (one === top || one.contains(top) || top.contains(one));
  };
  let free = await reached();
  for (let i = 0; i < 20 && !free && one.isConnected; i++) free = await reached();
  if (!one.isConnected) return 'gone';
  if (!free) return 'covered';
  let changes = 0;
  const watch = new MutationObserver((all) => {
    changes += all.filter(({ target }) => !(target.parentElement ?? target).closest('#scene'))
      .length;
  });
  const options = { subtree: true, childList: true, attributes: true, characterData: true };
  const [state, address] = [layerfold.store.get(), location.href];
  watch.observe(document.body, options);
  one.click();
  for (let i = 0; i < 12 && !changes && layerfold.store.get() === state; i++)
    await new Promise((done) => setTimeout(done, 100));
  watch.disconnect();
  return changes || layerfold.store.get() !== state || location.href !== address
    ? 'something' : 'nothing';
}"""


# What can be set, kept and put back; what is open is closed as by Escape.
KEEP = "window.kept = layerfold.store.get(); undefined"
BACK = """() => {
  const press = () => window.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape' }));
  document.activeElement?.blur();
  document.querySelectorAll('details[open]').forEach((one) => { one.open = false; });
  for (let i = 0; i < 6; i++) press();
  layerfold.store.dispatch({ ...window.kept, type: 'set' });
}"""


def brought(open_page: Open, messages: list[Message], look: Look) -> Visit:
    """A page in a state."""
    one = open_page(**look)
    one.until(PICKED)
    one.page.evaluate(KEEP)
    for message in messages:
        one.tell(**message)
    for _ in range(40):  # a question is given 20 s; what its answer brings is looked for then
        one.page.wait_for_timeout(500)
        if one.page.evaluate(ANSWERED):
            break
    one.page.wait_for_timeout(1200)
    return one


def controls(one: Visit) -> list[str]:
    """The names of what can be pressed."""
    found: list[str] = one.page.evaluate(CONTROLS)
    return found


def put_back(one: Visit, messages: list[Message], name: str) -> bool:
    """The page is as it was, with the control."""
    try:
        one.page.evaluate(BACK)
        for message in messages:
            one.tell(**message)
        one.page.wait_for_timeout(500)
        return name in controls(one)
    except PlaywrightError:  # the click has led elsewhere
        return False


def pressed(one: Visit, name: str) -> str:
    """What came of pressing a control."""
    heard: list[str] = []
    one.page.on("download", lambda each: heard.append(each.suggested_filename))

    def refuse(dialog: Dialog) -> None:
        heard.append(dialog.message)
        dialog.dismiss()

    one.page.on("dialog", refuse)
    try:
        said: str = one.page.evaluate(PRESS, name)
    except PlaywrightError as error:  # the page went elsewhere: that is something, too
        said = "something" if "navigat" in str(error) or "destroyed" in str(error) else str(error)
    one.page.wait_for_timeout(100)
    one.page.remove_listener("dialog", refuse)
    return "something" if heard and said == "nothing" else said


def faults(open_page: Open, messages: list[Message], look: Look, known: set[str]) -> Iterator[str]:
    """What is wrong with the controls of a state that no state before had."""
    one = brought(open_page, messages, look)
    names = [name for name in controls(one) if name not in known]
    known.update(names)
    for i, name in enumerate(names):
        if i and not put_back(one, messages, name):
            one.page.context.close()
            one = brought(open_page, messages, look)
            controls(one)
        said = pressed(one, name)
        if said not in ("something", "gone"):  # the page has changed by itself, as at an answer
            yield f"{name}: {said}"
        while one.errors:
            yield f"{name}: {one.errors.pop()}"
    one.page.context.close()


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_the_first_click_on_every_control_does_something(visit_bundled: Open, look: Look) -> None:
    known: set[str] = set()
    found = {
        state: wrong
        for state, messages in STATES.items()
        if (wrong := list(faults(visit_bundled, messages, look, known)))
    }
    assert found == {}
    assert len(known) > 60, "the controls were looked for"
