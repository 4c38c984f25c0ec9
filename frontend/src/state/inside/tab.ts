/** What a tab of the inside asks of the server and draws in the scene. */

import type { EdgePicture, SentencePicture } from "../../scene/picture.ts";
import type { State } from "../types.ts";

export interface InsideView {
  questions(state: State): ({ type: string } & Record<string, any>)[];
  edges?(state: State): EdgePicture[];
  /** how many times as long as placed its arrows are drawn; null: there are none */
  times?(state: State): number | null;
  ghosts?(state: State): SentencePicture[];
  /** corpus tokens where they are moved to, [site, ref, 3]; null: where they are */
  cloud?(state: State): { sites: number; ref: number; positions: Float32Array } | null;
  /**
   * where the sentence in hand goes instead, [site, token, 3], other sentences being away
   * meanwhile; null: as it is placed
   */
  paths?(state: State): Float32Array | null;
  /** how far such a view can be trusted at this site, 0.5 … 1; null: not known */
  trust?(state: State): number | null;
  /** RGB of the beads of the sentence in hand, a token each; null: its own hue */
  tint?(state: State): Uint8Array | null;
  /** paths through the layers would hide what it draws */
  bare?: boolean;
}
