/**
 * The picture of a run with another laid over it: rings for the other's tokens, paler trails for
 * what it reads, links between the two. Pure.
 */

import { PLAIN } from "../colour/colouring.ts";
import { overlayOf, readingId } from "../comparing.ts";
import { moveTrust } from "../trust.ts";
import type { CloudPicture, Link, Picture, RGB, SentencePicture, State } from "../types.ts";

/** How large a ring is beside a point, and what is left of the points that have none. */
const RING = 1.45;
const ASIDE = 0.3;

/**
 * The picture with what is laid over it; the very picture where nothing is.
 * @param all whether every token is meant, and not some that were searched or picked
 */
export function overlaid(state: State, picture: Picture, all: boolean): Picture {
  const over = overlayOf(state);
  if (!over || !state.card) return picture;
  const links = [...picture.links];
  const readings = picture.sentences.flatMap((own) => readingPicture(state, own) ?? []);
  for (const { id, tokens } of readings) {
    const own = id.slice(0, -readingId("").length);
    for (let token = 0; token < tokens; token++)
      links.push({
        from: { kind: "sentence", id: own, token },
        to: { kind: "sentence", id, token },
        weight: 0.9,
      });
  }
  const cloud = withRings(state, picture.cloud, links, all) ?? picture.cloud;
  return { ...picture, cloud, links, sentences: [...readings, ...picture.sentences] };
}

/** The other run's reading of a sentence, turned onto this run's states: paler, without words. */
function readingPicture(state: State, own: SentencePicture): SentencePicture | null {
  const sentence = state.sentences.find((one) => one.id === own.id);
  const found = overlayOf(state)?.readings[own.id];
  if (
    !found ||
    found.text !== sentence?.text ||
    found.special !== sentence.special ||
    found.slice.tokens !== own.tokens ||
    found.slice.sites !== own.sites
  )
    return null;
  const { positions, trust } = found.slice;
  const ground = PLAIN[state.theme];
  const color = own.color.map((one, k) => Math.round(0.45 * one + 0.55 * ground[k])) as RGB;
  return {
    ...own,
    id: readingId(own.id),
    color,
    labels: own.labels.map(() => ""),
    paths: positions,
    faint: null,
    trust: own.trust && trust.map(moveTrust),
    active: false,
  };
}

/** Where the other's drawn tokens lie, at a fractional site. */
function placesAt(positions: Float32Array, drawn: number, site: number, sites: number) {
  const low = Math.min(Math.floor(site), sites - 1);
  const mix = low + 1 < sites ? site - low : 0;
  const size = 3 * drawn;
  const out = positions.slice(low * size, (low + 1) * size);
  if (mix > 0)
    for (let i = 0; i < size; i++) out[i] += (positions[(low + 1) * size + i] - out[i]) * mix;
  return out;
}

/**
 * The cloud with rings behind it, each linked to its own point; null where there are none.
 * @param links receives the links
 */
function withRings(
  state: State,
  cloud: CloudPicture,
  links: Link[],
  all: boolean,
): CloudPicture | null {
  const over = overlayOf(state);
  const count = cloud.positions.length / 3;
  const drawn = over?.table?.drawn;
  if (!over?.positions || !drawn || !state.card || drawn[drawn.length - 1] >= count) return null;
  const positions = new Float32Array(3 * (count + drawn.length));
  positions.set(cloud.positions);
  positions.set(
    placesAt(over.positions, drawn.length, state.site, state.card.sites.length),
    3 * count,
  );
  const colors = new Uint8Array(4 * (count + drawn.length));
  colors.set(cloud.colors);
  if (all) for (let i = 0; i < count; i++) colors[4 * i + 3] *= ASIDE;
  const sizes = new Float32Array(count + drawn.length).fill(1);
  if (cloud.sizes) sizes.set(cloud.sizes);
  drawn.forEach((index, i) => {
    const own = cloud.colors.subarray(4 * index, 4 * index + 4);
    colors.set(own, 4 * index);
    colors.set(own, 4 * (count + i));
    sizes[count + i] = -RING * sizes[index];
    if (own[3] > 60)
      links.push({
        from: { kind: "cloud", index },
        to: { kind: "cloud", index: count + i },
        weight: all ? 0.34 : 0.8,
      });
  });
  return { positions, colors, sizes, own: count };
}
