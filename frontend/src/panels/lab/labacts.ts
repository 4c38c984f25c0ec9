/** What the lab's panel asks of the page beside messages. */

import type { JobCard } from "../../protocol/wire.ts";

export type LabActs = {
  start: () => void;
  act: (id: string, act: "pause" | "resume" | "stop") => void;
  remove: (job: JobCard) => void;
  open: (job: JobCard) => void;
};
