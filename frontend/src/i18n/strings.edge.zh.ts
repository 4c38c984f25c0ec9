/** Words of a token's off-cloud percentile, in Chinese. */

export default {
  "edge.supported": "在此层位能把{kinds}与自然文本区分开",
  "edge.none": "不显示：在此层位它不能把其他文本与自然文本区分开（意义 · 边缘）",
  "edge.inverted": "不显示：在此层位其他文本反而比自然文本更靠近点云（意义 · 边缘）",
  "edge.untested": "它在此处能否说明问题尚未测量（意义 · 边缘）",
  "edge.unread": "对此词元不说明任何问题：模型读不懂它",
};
