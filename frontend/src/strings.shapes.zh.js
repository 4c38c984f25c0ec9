/** 可选的模型、它们的投影、论断与开场的中文文字。 */

/** @type {Record<string, string>} */
export default {
  "projection.label": "投影",
  "projection.umap": "UMAP",
  "projection.pca": "PCA",
  "projection.umap.note": "谁在近旁有意义，两群相隔多远没有意义。",
  "projection.pca.note": "线性：距离有意义，但三个轴装不下全部。",
  "projection.basis.note": "每一步都用同一个线性视角：图中成形的，是模型中成形的。",

  "colour.cyclic.note": "首尾相接：{last} 与 0 相邻。",
  "colour.mixture.note": "颜色按各角所占的份额混合而成。",

};
