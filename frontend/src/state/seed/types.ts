/** The nouns of reading the seed's text and the lesson beside the picture. */

import type { SeedCard } from "../../protocol/wire.ts";

export type { SeedCard };
export type Verdict = SeedCard["verdict"];
export type Reading = "text" | "lesson";
