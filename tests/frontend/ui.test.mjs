import assert from "node:assert/strict";
import test from "node:test";
import { h } from "preact";
import { renderToString } from "preact-render-to-string";
import { draw } from "../../frontend/src/charts/svg.ts";
import { Badge } from "../../frontend/src/ui/badge.ts";
import { Button, IconButton } from "../../frontend/src/ui/button.ts";
import { Drawing } from "../../frontend/src/ui/drawing.ts";
import { Marked } from "../../frontend/src/ui/marked.ts";
import { SidePanel } from "../../frontend/src/ui/panel.ts";
import { Select } from "../../frontend/src/ui/select.ts";
import { Slider } from "../../frontend/src/ui/slider.ts";
import { Tabs } from "../../frontend/src/ui/tabs.ts";

const shown = (component, props, ...children) => renderToString(h(component, props, ...children));

test("a button with an icon says its name to eye and ear", () => {
  const text = shown(IconButton, { icon: "close", label: "Close", id: "a" });
  assert.match(text, /^<button [^>]*aria-label="Close"[^>]*title="Close"[^>]*id="a"/);
  assert.match(text, /<svg [^>]*class="icon icon-close"[^>]*aria-hidden="true"/);
  assert.equal(
    shown(Button, { id: "b" }, "Go"),
    '<button type="button" class="plain" id="b">Go</button>',
  );
});

test("a choice shows what is chosen, in its group, and tells what a person chooses", () => {
  const told = [];
  const options = [
    { value: "a", words: "A" },
    { group: "More", options: [{ value: "b", words: "B", disabled: true }] },
  ];
  const props = {
    id: "s",
    label: "Which",
    value: "b",
    options,
    onChoose: (value) => told.push(value),
  };
  const text = shown(Select, props);
  assert.match(text, /<optgroup label="More"><option [^>]*value="b"[^>]*>B<\/option><\/optgroup>/);
  assert.match(text, /selected/);
  Select(props).props.onChange({ target: { value: "a" } });
  assert.deepEqual(told, ["a"]);
});

test("a slider tells a number, and its words to screen readers", () => {
  const told = [];
  const props = {
    label: "Width",
    words: "two",
    min: 0,
    max: 4,
    step: 1,
    value: 2,
    onSlide: (value) => told.push(value),
  };
  assert.match(shown(Slider, props), /aria-valuetext="two"/);
  Slider(props).props.onInput({ target: { value: "3" } });
  assert.deepEqual(told, [3]);
});

test("of the tabs the chosen one alone is reached by the tab key", () => {
  const tabs = [
    { name: "a", words: "A" },
    { name: "b", words: "B" },
  ];
  const text = shown(Tabs, { label: "L", controls: "c", tabs, chosen: "b", onChoose: () => {} });
  assert.deepEqual(
    [...text.matchAll(/aria-selected="(\w+)" tabindex="(-?\d)"/g)].map(([, ...one]) => one),
    [
      ["false", "-1"],
      ["true", "0"],
    ],
  );
});

test("a panel that is hidden holds nothing; one that is shown can be closed", () => {
  const props = {
    id: "x",
    label: "X",
    head: h("h2", {}, "Title"),
    close: { label: "Close", onClick: () => {} },
  };
  assert.equal(
    shown(SidePanel, { ...props, hidden: true }, "body"),
    '<aside id="x" class="x panel" aria-label="X" hidden></aside>',
  );
  assert.match(
    shown(SidePanel, props, "body"),
    /<header><h2>Title<\/h2><button [^>]*id="close-x".*<\/header>body<\/aside>$/,
  );
});

test("a badge is a button of its kind", () => {
  assert.equal(
    shown(Badge, { id: "b", kind: "lab-badge" }, "Lab"),
    '<button type="button" class="badge panel lab-badge" id="b">Lab</button>',
  );
});

test("text is text: drawings and marks hold no markup of a token", () => {
  assert.equal(shown(Drawing, draw("text", { x: 1 }, "<b>")), '<text x="1">&lt;b></text>');
  assert.equal(
    shown(Marked, { before: "the", token: " <i>\n", after: " of" }),
    "the <mark>&lt;i>↵</mark> of",
  );
});
