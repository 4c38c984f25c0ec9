/**
 * Brings the slices of the atlas: the one on screen first, then outward; keeps as many as fit in
 * memory.
 */

import { failureOf, getBytes } from "./client.ts";
import { outward } from "../state/sites.ts";
import { decodeAtlas } from "../protocol/safetensors.ts";
import type { State } from "../state/types.ts";
import type { Store } from "../state/store.ts";

const BUDGET = 160 * 1024 * 1024;
const AT_ONCE = 2;

/**
 * What to load next and what to let go, with room for `capacity` steps around the present one;
 * steps in `failed` cannot be had, and take no room. Pure.
 * @param current index
 * @param lacks what the present step must be asked for again
 * @returns step numbers
 */
export function plan<T>(
  steps: number[],
  current: number,
  held: Record<number, T>,
  capacity: number,
  lacks: (slice: T) => boolean = (_) => false,
  failed: Record<number, unknown> = {},
): { load: number[]; drop: number[] } {
  const near = outward(steps.length, current)
    .map((i) => steps[i])
    .filter((step) => !(step in failed))
    .slice(0, Math.max(1, capacity));
  const kept = new Set(near);
  return {
    load: near.filter((step) => !(step in held) || (step === steps[current] && lacks(held[step]))),
    drop: Object.keys(held)
      .map(Number)
      .filter((step) => !kept.has(step)),
  };
}

/** How many steps fit. */
function capacity(state: State) {
  const sample = Object.values(state.atlas)[0];
  return sample
    ? Math.max(
        3,
        Math.floor(
          ((state.former ? 0.5 : 1) * BUDGET) /
            (sample.positions.byteLength + sample.sites * sample.ref),
        ),
      )
    : AT_ONCE;
}

/** Where a step's clouds are, of a projection with or without its trust. */
function addressOf(run: string, step: number, projection: string, trusted: boolean) {
  const asked =
    projection === "umap"
      ? ""
      : `&projection=${encodeURIComponent(projection)}${trusted ? "&trust=true" : ""}`;
  return `api/runs/${encodeURIComponent(run)}/atlas/${step}?packed=true${asked}`;
}

export function prefetch(store: Store) {
  const flying: Map<number, AbortController> = new Map();

  function fill(state: State) {
    if (!state.card) return;
    const trusted = state.colour === "trust";
    const { load, drop } = plan(
      state.card.steps,
      Math.round(state.step),
      state.atlas,
      capacity(state),
      (slice) => trusted && !slice.trust,
      state.atlasFailures,
    );
    if (drop.length) store.dispatch({ type: "atlas.drop", steps: drop });
    for (const step of load) {
      if (flying.size >= (Object.keys(state.atlas).length ? AT_ONCE : 1)) return;
      if (!flying.has(step)) fetchStep(state, step);
    }
  }

  async function fetchStep({ run, projection, colour, step: at, card }: State, step: number) {
    const present = () => store.get().run === run && store.get().projection === projection;
    const stop = new AbortController();
    flying.set(step, stop);
    try {
      const trusted = colour === "trust" && card?.steps[Math.round(at)] === step;
      const bytes = await getBytes(addressOf(run, step, projection, trusted), stop.signal);
      if (present()) store.dispatch({ type: "atlas.slice", slice: decodeAtlas(bytes, step) });
    } catch (error) {
      if (!stop.signal.aborted && present())
        store.dispatch({ type: "atlas.failed", step, failure: failureOf(error) });
    }
    if (flying.get(step) === stop) flying.delete(step);
    fill(store.get());
  }

  store.subscribe((state, previous) => {
    if (state.run !== previous.run || state.projection !== previous.projection) {
      for (const stop of flying.values()) stop.abort();
      flying.clear();
    }
    if (state.connection === "open" && previous.connection !== "open")
      store.dispatch({ type: "atlas.retry" });
    const other = state.projection !== previous.projection || state.colour !== previous.colour;
    if (
      other ||
      state.card !== previous.card ||
      state.step !== previous.step ||
      state.atlasFailures !== previous.atlasFailures
    )
      fill(state);
  });
}
