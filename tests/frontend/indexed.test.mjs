import assert from "node:assert/strict";
import { test } from "node:test";
import { indexed } from "../../frontend/src/ui/indexed.ts";

/** The tree as text, an index in brackets. */
const flat = (tree) =>
  tree
    .map((one) =>
      typeof one === "string"
        ? one
        : `${one.props.children[0]}[${one.props.children[1].props.children}]`,
    )
    .join("");

test("a symbol's index stands below it", () => {
  assert.equal(flat(indexed("gradients of W_Q, W_K and W_V")), "gradients of W[Q], W[K] and W[V]");
  assert.equal(flat(indexed("一个头的 W_Q 的有效秩")), "一个头的 W[Q] 的有效秩");
});

test("names of programs and plain words stay as they are", () => {
  for (const text of ["n_head and W_QK", "a_b", "MAX_LEN", "snake_Case", ""])
    assert.equal(flat(indexed(text)), text);
});
