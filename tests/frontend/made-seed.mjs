/** Made-up cards of the seed for the tests of the page. */

const CONTROLS = [
  {
    name_en: "shuffled text",
    name_zh: "打乱的文本",
    steps: [0, 8, 512],
    values: [36, 9, 22],
    lows: [null, null, null],
    highs: [null, null, null],
  },
  {
    name_en: "Gaussian",
    name_zh: "高斯",
    steps: [],
    values: [40],
    lows: [null],
    highs: [null],
  },
];

/** A card whose number falls and rises over the steps, with two controls. */
export function seedCard(id, more = {}) {
  return {
    id,
    section: id.slice(0, 3),
    quote_zh: "有效分布往往集中在更低维的流形上",
    quote_en: "what is really used of it tends to lie on a manifold of far fewer dimensions",
    title_en: "Few dimensions",
    title_zh: "维数少",
    would_en: "The dimension is far below that of the space.",
    would_zh: "维数远低于空间的维数。",
    method_en: "TwoNN over the reference.",
    method_zh: "对参考词元用 TwoNN。",
    threshold_en: "below a tenth of d, and below shuffled text",
    threshold_zh: "低于 d 的十分之一，且低于打乱的文本",
    verdict: "holds",
    verdict_en: "It is far below, and below both controls.",
    verdict_zh: "远低于，也低于两项对照。",
    here: "12.5 of 192 directions",
    here_zh: "192 个方向中的 12.5 个",
    unit: "directions",
    unit_zh: "方向数",
    series: {
      name_en: "natural text",
      name_zh: "自然文本",
      steps: [0, 8, 512],
      values: [35.8, 1.25, 18.3],
      lows: [34, 1.1, 17],
      highs: [37, 1.4, 19.5],
    },
    by_site: {
      sites: ["embed", "L0.mid", "L1.post"],
      values: [10, 12, 18.3],
      lows: [9, 11, 17],
      highs: [11, 13, 19.5],
    },
    controls: CONTROLS,
    p: 0.0004,
    q: 0.012,
    limits_en: "It does not show that the shape is smooth.",
    limits_zh: "它不能说明形状是光滑的。",
    papers: [
      { text: "Facco et al. 2017", url: "https://www.nature.com/articles/s41598-017-11873-y" },
    ],
    view: { step: "512", site: "L0.post", colour: "trust", s: "0vthe bank of\n3vthe river" },
    at_step: 512,
    ...more,
  };
}

export const seedCards = (run, cards) => ({ type: "seed.cards", run, cards });
