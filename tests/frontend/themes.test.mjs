import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

const STYLES = new URL("../../frontend/src/styles/", import.meta.url);
const COLOR = /^(#[0-9a-f]{3,8}|rgb\([\d\s./%]+\)|light)$/;
const SHADOW = /^(-?\d+(px)?\s)*rgb\([\d\s./%]+\)$/;

test("the light theme changes colors and nothing else, so that only rules of colors differ", () => {
  const found = [];
  for (const name of readdirSync(STYLES)) {
    const sheet = readFileSync(new URL(name, STYLES), "utf8").replaceAll(/\/\*[^]*?\*\//g, "");
    for (const [, body] of sheet.matchAll(/\[data-theme="light"\][^{}]*\{([^}]*)\}/g))
      found.push(
        ...body
          .split(";")
          .map((line) => line.trim())
          .filter(Boolean),
      );
  }
  assert.ok(found.length > 15);
  const other = found.filter((line) => {
    const [, what, value] = line.match(/^([\w-]+):\s*([^]+)$/) ?? [];
    return !(/^(--[\w-]+|color-scheme)$/.test(what) && (COLOR.test(value) || SHADOW.test(value)));
  });
  assert.deepEqual(other, []);
});
