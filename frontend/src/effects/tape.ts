/**
 * A page that was written down to be taken along: what the server would have answered lies in it.
 * `server/standalone.py` writes it.
 */

import { unfolded } from "../protocol/clouds.ts";
import { decode, encode } from "../protocol/safetensors.ts";
import type { Dispatch, Message } from "../state/messages.ts";
import type { Bundle, Tensor } from "../protocol/tensors.ts";
import type { PlacedSlice } from "../protocol/slices.ts";
import type { Token } from "../state/types.ts";
import type { ClientMessage, Limits } from "../protocol/wire.ts";

interface Said {
  version: string;
  limits: Limits;
  fragment: string;
  answers: Record<string, any>;
  clouds: { bits: number; low: number[]; span: number[] };
  sentences: { text: string; cut: number; tokens: Token[] }[];
}
type Clouds = { places: Uint16Array; trust: Uint8Array | null; shape: number[] };

const WRITTEN = "written_down";
const TRUSTED = 15;
/** How many of the written neighbours go along with a slice. */
const GHOSTS = 3;

export class Tape {
  said: Said;
  steps: number[];
  #clouds: Clouds;
  #sentences: Bundle["tensors"];

  constructor(said: Said, clouds: ArrayBuffer, sentences: ArrayBuffer) {
    this.said = said;
    const card = Object.values(said.answers).find((one) => Array.isArray(one?.steps) && one.sites);
    this.steps = card?.steps ?? [];
    const { low, high, trust } = decode(clouds).tensors;
    this.#clouds = {
      places: unfolded(low.data as Uint8Array, high.data as Uint8Array, low.shape),
      trust: trust ? (trust.data as Uint8Array) : null,
      shape: low.shape,
    };
    this.#sentences = decode(sentences).tensors;
  }

  /** What the server would have answered to a GET. */
  answer(path: string): Response {
    const known = this.said.answers[path];
    if (known) return new Response(JSON.stringify(known));
    const step = Number(/\/atlas\/(\d+)/.exec(path)?.[1] ?? NaN);
    const at = this.steps.indexOf(step);
    return at < 0
      ? new Response(JSON.stringify({ error: { code: WRITTEN, message: "", message_zh: "" } }), {
          status: 404,
        })
      : new Response(this.#atlas(at));
  }

  /** The clouds of one step as the bytes of its file. */
  #atlas(at: number) {
    const { places, trust, shape } = this.#clouds;
    const [, sites, , ref] = shape;
    const { bits, low, span } = this.said.clouds;
    const size = 3 * sites * ref;
    const positions = new Float32Array(size);
    for (let i = 0; i < size; i++)
      positions[i] = low[i % 3] + (places[at * size + i] / (2 ** bits - 1)) * span[i % 3];
    const tensors: Record<string, Tensor> = {
      positions: { dtype: "F32", shape: [sites, ref, 3], data: positions },
    };
    if (trust) {
      const part = trust.slice(at * sites * ref, (at + 1) * sites * ref);
      tensors.trust = {
        dtype: "U8",
        shape: [sites, ref],
        data: part.map((one) => Math.round(255 * (0.5 + one / TRUSTED / 2))),
      };
    }
    return encode(tensors);
  }

  /** A line that answers at once, or says that nothing more is computed. */
  connect(dispatch: Dispatch) {
    const say = (message: Message) => window.setTimeout(() => dispatch(message));
    say({ type: "hello", version: this.said.version, limits: this.said.limits });
    return {
      send: (message: ClientMessage) => {
        for (const one of this.#answers(message)) say(one);
        return true;
      },
      again() {},
      close() {},
    };
  }

  #answers(message: ClientMessage): Message[] {
    if (message.type === "cancel") return [];
    if (message.type === "place") return this.#place(message);
    if (message.type === "inspect") {
      const found = this.#inspect(message);
      if (found) return [found];
    }
    return [{ type: "error", id: message.id, code: WRITTEN, message: "", message_zh: "" }];
  }

  #place(asked: Extract<ClientMessage, { type: "place" }>): Message[] {
    const { id, sentence, run } = asked;
    const n = this.said.sentences.findIndex((one) => one.text === asked.text);
    if (n < 0) return [{ type: "error", id, sentence, code: WRITTEN, message: "", message_zh: "" }];
    const { text, tokens, cut } = this.said.sentences[n];
    const order = this.steps.map((_, at) => at);
    const first = this.steps.indexOf(asked.step ?? -1);
    order.sort((a, b) => Math.abs(a - first) - Math.abs(b - first));
    return [
      { type: "tokens", id, run, sentence, text, cut, tokens },
      ...order.map((at) => ({
        type: "slice" as const,
        id,
        run,
        sentence,
        slice: this.#slice(n, at),
      })),
      { type: "done", id, run, sentence, steps: order.length, milliseconds: 0 },
    ];
  }

  /** An array of a sentence at one step, and its shape there. */
  #part(n: number, name: string, at: number) {
    const { shape, data } = this.#sentences[`${n}.${name}`];
    const size = shape.slice(1).reduce((a, b) => a * b, 1);
    return { shape: shape.slice(1), data: data.slice(at * size, (at + 1) * size) };
  }

  #slice(n: number, at: number): PlacedSlice {
    const positions = this.#part(n, "positions", at);
    const near = this.#part(n, "near", at);
    const k = near.shape[2];
    const first = (near.data as Int32Array).filter((_, i) => i % k < GHOSTS);
    const [sites, tokens] = positions.shape;
    const floats = (name: string) => this.#part(n, name, at).data as Float32Array;
    return {
      step: this.steps[at],
      sites,
      tokens,
      positions: positions.data as Float32Array,
      outside: floats("outside"),
      trust: floats("trust"),
      norm: floats("norm"),
      near: first,
    };
  }

  /** The neighbours of a written token; of others nothing is known. */
  #inspect(asked: Extract<ClientMessage, { type: "inspect" }>): Message | null {
    const n = this.said.sentences.findIndex((one) => one.text === asked.text);
    const at = this.steps.indexOf(asked.step);
    if (n < 0 || at < 0 || asked.token === null || asked.token === undefined) return null;
    const near = this.#part(n, "near", at);
    const distances = this.#part(n, "distances", at).data;
    const norm = this.#part(n, "norm", at);
    const [sites, tokens, k] = near.shape;
    const row = (site: number) => (site * tokens + (asked.token ?? 0)) * k;
    const of = (site: number) => Array.from(near.data.slice(row(site), row(site) + k));
    return {
      type: "inspection",
      id: asked.id,
      run: asked.run,
      step: asked.step,
      site: asked.site,
      token: {
        text: this.said.sentences[n].tokens[asked.token].text,
        norm: norm.data[asked.site * tokens + asked.token],
        outside: this.#part(n, "outside", at).data[asked.site * tokens + asked.token],
      },
      neighbors: of(asked.site).map((index, i) => ({
        index,
        distance: distances[row(asked.site) + i],
      })),
      lens: [],
      near: Array.from({ length: sites }, (_, site) => of(site).slice(0, GHOSTS)),
    };
  }
}

/** The tape in this page; null where there is a server. */
export function tapeHere(): Tape | null {
  const raw = (globalThis as any).layerfoldTape;
  if (!raw) return null;
  if (!(raw instanceof Tape))
    (globalThis as any).layerfoldTape = new Tape(raw.said, raw.clouds, raw.sentences);
  return (globalThis as any).layerfoldTape;
}
