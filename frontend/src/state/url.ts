/** The view <-> the hash of the address: versioned, at most 8 KiB, every field checked. Pure. */

import { INSIDE_TABS } from "./inside/types.ts";
import { SECTIONS } from "./meaning/types.ts";
import type { Camera, View } from "./types.ts";

export const LINK_LIMIT = 8 * 1024;
export const LINK_VERSION = 1;

const COLOUR =
  /^(source|trust|perturbation|singularity|position|frequency|sentence|none|label:[^\s]{1,64})$/;
/** What links of earlier versions call the tabs. */
const OLD_TABS: Record<string, string> = {
  parts: "decomposition",
  whatif: "ablation",
  walk: "generation",
  push: "gradients",
  step: "optimizer-step",
  way: "landscape",
};
/** Older links say 0 or 1. */
const TRAILS = new Map<string, View["trails"]>([
  ["comet", "comet"],
  ["whole", "whole"],
  ["off", "off"],
  ["1", "whole"],
  ["0", "off"],
]);
const CLAIM = /^(text|\d\.\d[a-z])$/;
const HUES = 8;
const SENTENCES = 32;

/** A lone surrogate cannot be written in a link. */
function written(text: string) {
  return encodeURIComponent(
    text.replace(
      /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g,
      "\ufffd",
    ),
  ).replace(/%20/g, "+");
}

function read(text: string) {
  return decodeURIComponent(text.replace(/\+/g, "%20"));
}

/** The hash of a view, or null when it would be longer than the limit. */
export function linkOf(view: View): string | null {
  const fields: [string, string | number | undefined][] = [
    ["v", LINK_VERSION],
    ["run", view.run],
    ["step", view.step],
    ["site", view.site],
    ["colour", view.colour],
    ["projection", view.projection],
    ["measure", view.measure],
    ["curves", view.curves ? 1 : undefined],
    ["second", view.second],
    ["fit", view.fit ? 1 : undefined],
    ["lab", view.lab ? 1 : undefined],
    ["compare", view.compare?.mode],
    ["with", view.compare?.with ?? undefined],
    ["other", view.compare?.step],
    ["inside", view.inside],
    ["meaning", view.meaning],
    ["seed", view.seed],
    ["lesson", view.lesson],
    ["present", view.present ? 1 : undefined],
    ["trails", view.trails],
    ["stack", view.stack],
    ["theme", view.theme],
    ["lang", view.language],
    ["camera", view.camera && cameraText(view.camera)],
    ["active", view.active],
  ];
  for (const one of view.sentences ?? []) fields.push(["s", `${one.hue}${marks(one)}${one.text}`]);
  if (view.sentences?.length === 0) fields.push(["s", ""]);
  const hash = `#${fields
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${written(String(value))}`)
    .join("&")}`;
  return hash.length > LINK_LIMIT ? null : hash;
}

/**
 * The view in a hash. Fields that cannot be read are left out; a link that is too long or of
 * another version is refused.
 */
export function viewOf(hash: string): { view: View | null; problem: "long" | "version" | null } {
  const body = hash.replace(/^#/, "");
  if (!body) return { view: null, problem: null };
  if (hash.length > LINK_LIMIT) return { view: null, problem: "long" };
  const fields = pairs(body);
  const first = new Map(fields.slice().reverse());
  if (first.get("v") !== String(LINK_VERSION)) return { view: null, problem: "version" };
  return { view: clean(first, fields), problem: null };
}

function pairs(body: string): [string, string][] {
  const found: [string, string][] = [];
  for (const part of body.split("&")) {
    const at = part.indexOf("=");
    if (at < 1) continue;
    try {
      found.push([part.slice(0, at), read(part.slice(at + 1))]);
    } catch {
      continue; // a broken escape: the field is left out
    }
  }
  return found;
}

function clean(first: Map<string, string>, fields: [string, string][]): View {
  const view: View = {};
  const run = first.get("run");
  const site = first.get("site");
  const step = whole(first.get("step"));
  const active = whole(first.get("active"));
  const camera = cameraOf(first.get("camera"));
  const colour = first.get("colour");
  const projection = first.get("projection");
  const measure = first.get("measure");
  const trails = first.get("trails");
  const theme = first.get("theme");
  const language = first.get("lang");
  if (run && run.length <= 200) view.run = run;
  if (site && site.length <= 40) view.site = site;
  if (step !== null) view.step = step;
  if (active !== null) view.active = active;
  if (camera) view.camera = camera;
  if (colour && COLOUR.test(colour)) view.colour = colour as View["colour"];
  if (projection && /^\S{1,64}$/.test(projection)) view.projection = projection;
  if (measure && measure.length <= 80) view.measure = measure;
  const second = first.get("second");
  if (second && second.length <= 80) view.second = second;
  if (first.get("curves") === "1") view.curves = true;
  if (first.get("fit") === "1") view.fit = true;
  if (first.get("lab") === "1") view.lab = true;
  const named = first.get("inside") ?? "";
  const inside = Object.hasOwn(OLD_TABS, named) ? OLD_TABS[named] : named;
  const tab = INSIDE_TABS.find((one) => one === inside);
  if (tab) view.inside = tab;
  const meaning = first.get("meaning") ?? "";
  if ((SECTIONS as readonly string[]).includes(meaning)) view.meaning = meaning as View["meaning"];
  const seed = first.get("seed") ?? "";
  if (CLAIM.test(seed)) view.seed = seed;
  const lesson = whole(first.get("lesson"));
  if (lesson !== null) view.lesson = lesson;
  if (first.get("present") === "1") view.present = true;
  const compare = compareOf(first);
  if (compare) view.compare = compare;
  const drawn = TRAILS.get(trails ?? "");
  if (drawn) view.trails = drawn;
  if (first.get("stack") === "steps") view.stack = "steps";
  if (theme === "dark" || theme === "light") view.theme = theme;
  if (language === "en" || language === "zh") view.language = language;
  const sentences = sentencesOf(fields);
  if (sentences) view.sentences = sentences;
  return view;
}

/**
 * What is compared: the mode, the other run (none: another step of the same), its step (none: it
 * follows).
 */
function compareOf(first: Map<string, string>): View["compare"] | null {
  const mode = first.get("compare");
  if (mode !== "beside" && mode !== "over") return null;
  const other = first.get("with") || null;
  const step = whole(first.get("other"));
  if (other === null ? step === null : other.length > 200) return null;
  return { with: other, ...(step === null ? {} : { step }), mode };
}

function sentencesOf(fields: [string, string][]): View["sentences"] | null {
  const own = fields.filter(([name]) => name === "s");
  if (!own.length) return null;
  const sentences = [];
  for (const [, value] of own) {
    const found = /^([0-7])([vhVH])([^]*)$/.exec(value);
    if (found && sentences.length < SENTENCES)
      sentences.push({
        hue: Number(found[1]) % HUES,
        hidden: found[2].toLowerCase() === "h",
        ...(/[VH]/.test(found[2]) ? { special: true } : {}),
        text: found[3],
      });
  }
  return sentences;
}

/** Hidden or visible; large where names of special tokens mean them. */
function marks({ hidden, special }: { hidden: boolean; special?: boolean }) {
  const mark = hidden ? "h" : "v";
  return special ? mark.toUpperCase() : mark;
}

function whole(text: string | undefined) {
  return text && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

function cameraText(camera: Camera) {
  const parts = [
    camera.eye,
    camera.center ?? { x: 0, y: 0, z: 0 },
    camera.up ?? { x: 0, y: 0, z: 1 },
  ];
  return parts
    .flatMap((p) => [p.x, p.y, p.z])
    .map((n) => String(Math.round(n * 1000) / 1000))
    .join(",");
}

function cameraOf(text: string | undefined): Camera | null {
  const n = (text ?? "").split(",").map((part) => (part.trim() === "" ? NaN : Number(part)));
  if (n.length !== 9 || !n.every((x) => Number.isFinite(x) && Math.abs(x) <= 100)) return null;
  if (!(n[0] || n[1] || n[2]) || !(n[6] || n[7] || n[8])) return null;
  return {
    eye: { x: n[0], y: n[1], z: n[2] },
    center: { x: n[3], y: n[4], z: n[5] },
    up: { x: n[6], y: n[7], z: n[8] },
  };
}
