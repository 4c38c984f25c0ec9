/** The seed's text in the language chosen, as blocks. Pure. */

import { blocksOf, claimsOf } from "./markup.ts";
import en from "./text.en.ts";
import zh from "./text.zh.ts";

export const TEXT = { en: blocksOf(en), zh: blocksOf(zh) };

/** The ids of all claims, in the order of the text. */
export const CLAIMS = claimsOf(zh);
