/** The lesson: what its chapters say, and which claims of the seed each puts to the test. Pure. */

import en from "./lesson.en.ts";
import zh from "./lesson.zh.ts";
import type { Chapter } from "./chapter.ts";

export const LESSON: Record<"en" | "zh", Chapter[]> = { en, zh };

/** The claims that a chapter looks at; the last looks at all that do not hold as worded. */
export const LOOKS_AT: string[][] = [
  ["1.3b"],
  ["2.1a", "2.1b", "2.2d"],
  ["2.1c", "2.1d"],
  ["2.1e", "2.1f"],
  ["2.2a", "2.2b", "2.2c"],
  ["2.3a", "2.3b", "2.3c"],
  ["1.1a", "1.2a", "1.2d", "2.5b", "2.5c"],
  ["1.2b", "1.2c", "1.3a", "2.4a", "2.4b"],
  ["1.5a", "1.5b", "1.5c"],
  [],
];
