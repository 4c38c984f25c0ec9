/** The binary answers to questions about the inside of a pass. */

import type { Bundle } from "./tensors.ts";

/**
 * A binary answer to a question about the inside of a pass; `kind` is the question's type, `key`
 * what was asked.
 */
export interface Look {
  kind: string;
  id: number;
  run: string;
  step: number;
  answer: any;
  tensors: Bundle["tensors"];
  key?: string;
}
