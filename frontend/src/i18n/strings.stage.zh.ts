/** The scene and what is taken away from it, in Chinese. */

export default {
  "projection.plane": "层塔",
  "projection.plane.note": "每个层位一张平面：平面内的远近有意义，高度只表示次序。",
  "projection.plane.steps": "每个检查点一张平面，取当前层位：平面内的远近有意义，高度只表示次序。",
  "stack.layers": "平面：各层",
  "stack.steps": "平面：训练",
  "stack.tip": "叠放同一检查点的各层，或同一层位的各检查点",

  "drawn.here.pca": "当前投影最适合此视图：线性投影中方向真实且可以相加。",
  "drawn.here.umap": "当前投影最适合此视图：布局保持邻近关系。",
  "drawn.best.pca": "最适合在 PCA 中查看：那里方向真实且可以相加；此处只有远近有意义。",
  "drawn.best.umap": "最适合在布局（UMAP）中查看：它保持邻近关系。",
  "drawn.lacks.pca":
    "最适合在 PCA 中查看，但此运行没有：可用 `layerfold project` 生成。此处只有远近有意义。",
  "drawn.lacks.umap": "最适合在布局中查看，但此运行没有。",
  "drawn.glide.pca": "转到 PCA",
  "drawn.glide.umap": "转到 UMAP",
  "drawn.true": "箭头长度即其放置长度。",
  "drawn.longer": "所有箭头按放置长度的 {times} 倍绘制，方向不变。",
  "drawn.short": "{count} 个箭头中有 {short} 个在当前视角下短于 6 像素：请旋转或靠近。",
  "drawn.short.all": "全部 {count} 个箭头在当前视角下短于 6 像素：请旋转或靠近。",

  "measure.grad_norms": "各层梯度范数",
  "measure.grad_norms.plain": "损失对每一层的拉力",
  "measure.grad_norms.unit": "长度",
  "measure.grad_norms.tip": "训练日志中通向各层位的权重的梯度范数",
  "measure.nominal": "d = {d}（全部维数）",

  "cite.seed": "{name}，种子 {seed}",
  "take.title": "导出当前画面",
  "take.png": "PNG",
  "take.png@2": "PNG（2 倍）",
  "take.png@4": "PNG（4 倍）",
  "take.svg": "SVG",
  "take.pdf": "PDF",
  "take.webm": "逐层播放的影片（WebM）",
  "take.html": "独立网页（HTML 单文件）",
  "take.cite": "复制引用信息",
  "take.cited": "已复制：{words}",
  "take.done": "已保存。引用：{words}",
  "take.not": "无法保存：{why}。",
  "take.html.coming": "正在为每一步放置句子并写出网页……",
  "take.webm.coming": "正在录制一次逐层播放……",

  "lens.written": "透镜需由 Layerfold 计算；本页是导出的独立文件，其中没有透镜。",
  "error.written_down": "本页是导出的独立文件；需要计算的内容请在 Layerfold 中打开。",

  "trails.comet": "轨迹：邻近层",
  "trails.whole": "轨迹：完整",
  "trails.off": "轨迹：关",
  "trails.tip":
    "邻近层：当前层前后各两个层位；指向或选中的词元显示完整轨迹，旁边是它在各层位的真实近邻。" +
    "完整：所有词元从嵌入到最后一层的轨迹。",
};
