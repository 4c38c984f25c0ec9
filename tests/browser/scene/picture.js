/** Pictures that look like a trained model's: a folded sheet with islands, sentences that wander over
 * it. Seeded. */

function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const TEXT = [
  "The bank of the river was green and quiet in the early light of spring, and the water" +
    " ran slowly past the old mill while children played",
  "She took the money to the bank before noon, and the clerk counted it twice, and wrote" +
    " the sum in a large book with a steel pen",
  "春 天 的 河 岸 很 安 静 ， 水 流 得 很 慢 ， 孩 子 们 在 那 里 玩 耍 直 到 天 黑 了 。",
  "Call me Ishmael : some years ago , never mind how long precisely , having little or no" +
    " money in my purse , I sailed",
  "<b>not</b> bold & <img src=x onerror=alert(1)> plain text only here please",
].map((text) => text.split(" "));
const HUES = {
  dark: [
    [255, 176, 59],
    [86, 180, 233],
    [0, 190, 140],
    [240, 120, 190],
    [235, 228, 96],
  ],
  light: [
    [200, 96, 0],
    [0, 104, 178],
    [0, 130, 92],
    [178, 60, 130],
    [140, 118, 0],
  ],
};

/** A place on the sheet for (u, v) in 0..1 at depth d in 0..1 of the model. */
function sheet(u, v, d) {
  const roll = 2.6 * (u - 0.5) * (0.6 + d);
  const x = Math.sin(roll) * (0.95 - 0.25 * d * v);
  const z = (1 - Math.cos(roll)) * 0.62 * (0.4 + d) - 0.35;
  const y = (v - 0.5) * 1.5 + 0.22 * Math.sin(5 * u + 2 * d);
  return [x, y, z + 0.16 * Math.sin(4 * v + 3 * d)];
}

function point(random, u, v, d) {
  const loose = 0.035 + 0.05 * random();
  return sheet(u, v, d).map((c) => c + (random() + random() + random() - 1.5) * loose);
}

function ramp(x, theme) {
  const stops =
    theme === "light"
      ? [
          [70, 90, 130],
          [96, 128, 140],
          [150, 140, 110],
          [186, 150, 70],
        ]
      : [
          [66, 86, 138],
          [92, 124, 150],
          [140, 146, 140],
          [206, 186, 116],
        ];
  const at = Math.min(Math.max(x, 0), 0.999) * 3;
  const [a, b] = [stops[Math.floor(at)], stops[Math.floor(at) + 1]];
  return a.map((c, k) => Math.round(c + (b[k] - c) * (at % 1)));
}

export function pictureOf({
  points = 4000,
  sentences = 2,
  tokens = 9,
  site = 8,
  sites = 13,
  links = 0,
  seed = 7,
  theme = "dark",
  trail = true,
  trust = true,
  step = 1,
}) {
  const random = generator(seed);
  const depth = site / (sites - 1);
  const positions = new Float32Array(3 * points);
  const colors = new Uint8Array(4 * points);
  for (let i = 0; i < points; i++) {
    const [u, v, island] = [random(), random(), random()];
    let place = point(random, u, v, depth);
    const chosen = Math.floor(random() * 5);
    if (island < 0.12) {
      const centre = [
        [1.15, 0.5, 0.35],
        [-0.9, -0.7, 0.75],
        [0.3, 1.05, 0.6],
        [-1.1, 0.55, -0.1],
        [0.65, -0.95, -0.35],
      ][chosen];
      place = centre.map((c) => c * (0.55 + 0.45 * depth) + (random() + random() - 1) * 0.09);
    }
    const chaos = [0, 1, 2].map(() => (random() + random() + random() - 1.5) * 1.1);
    positions.set(
      place.map((c, k) => chaos[k] + (c - chaos[k]) * step),
      3 * i,
    );
    colors.set(
      [...ramp(island < 0.12 ? 0.75 + 0.05 * chosen : 0.62 * v + 0.2 * u, theme), 255],
      4 * i,
    );
  }
  const list = Array.from({ length: sentences }, (_, n) =>
    sentenceOf(n, { tokens, sites, site, seed, theme, trail, trust }),
  );
  const chosen = Array.from({ length: links }, () => [
    Math.floor(random() * points),
    Math.floor(random() * points),
  ]);
  return {
    frame: { center: [0, 0, 0.1], radius: 1.25 },
    cloud: { positions, colors, sizes: null },
    sentences: list,
    links: chosen.map(([a, b], i) => ({
      from: { kind: "cloud", index: a },
      to: { kind: "cloud", index: b },
      weight: 0.3 + 0.7 * ((i % 7) / 7),
    })),
  };
}

function sentenceOf(n, { tokens, sites, site, seed, theme, trail, trust }) {
  const random = generator(seed * 131 + n * 977 + 5);
  const words = TEXT[n % TEXT.length];
  const labels = Array.from({ length: tokens }, (_, i) => words[i % words.length]);
  const paths = new Float32Array(3 * sites * tokens);
  const home = [0.25 + 0.5 * random(), 0.25 + 0.5 * random()];
  for (let token = 0; token < tokens; token++) {
    const start = [random(), random()];
    const end = [home[0] + 0.5 * (random() - 0.5), home[1] + 0.6 * (random() - 0.5)];
    const bend = [random() - 0.5, random() - 0.5];
    for (let s = 0; s < sites; s++) {
      const k = s / (sites - 1);
      const e = k * k * (3 - 2 * k);
      const u = start[0] + (end[0] - start[0]) * e + bend[0] * Math.sin(Math.PI * k) * 0.5;
      const v = start[1] + (end[1] - start[1]) * e + bend[1] * Math.sin(Math.PI * k) * 0.5;
      const lift = sheet(u, v, k).map(
        (c) => c * (1 + 0.1 * Math.sin(Math.PI * k)) + (random() - 0.5) * 0.05,
      );
      paths.set(lift, 3 * (s * tokens + token));
    }
  }
  const trusts = trust
    ? Float32Array.from({ length: (sites - 1) * tokens }, () => 0.25 + 0.75 * random())
    : null;
  return {
    id: `s${n}`,
    color: HUES[theme][n % 5],
    labels,
    paths,
    sites,
    tokens,
    site,
    trail,
    faint: null,
    trust: trusts,
    active: n === 0,
  };
}
