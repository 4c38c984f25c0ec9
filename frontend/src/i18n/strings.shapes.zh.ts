/** 可选的模型、它们的投影、论断与开场的中文文字。 */

export default {
  "door.title": "模型",
  "door.open": "选择模型",
  "door.fold": "收起模型列表",

  "shape.storyteller.title": "讲故事的模型",
  "shape.storyteller.line": "读过 1961 年的散文、演讲、小说、戏剧与诗歌。",
  "shape.modular-addition.title": "模加法",
  "shape.modular-addition.line": "任务：两数相加，取余数。",
  "shape.belief-simplex.title": "信念单纯形",
  "shape.belief-simplex.line": "任务：隐藏过程的下一个符号。",
  "shape.induction.title": "归纳",
  "shape.induction.line": "任务：自我重复的文字。",

  "shape.poet.title": "诗人",
  "shape.poet.line": "读过五言诗与七言诗。",

  "projection.label": "投影",
  "keys.projection": "下一种投影",
  "projection.umap": "UMAP",
  "projection.pca": "PCA",
  "projection.inside.note": "画面显示的是“消融”中的残差流：它自己的三个直线方向。",
  "projection.umap.note": "谁在近旁有意义，距离没有意义。",
  "projection.umap.note.dense": "谁在近旁、疏密如何有意义，距离没有意义。",
  "projection.pca.note": "线性：距离有意义。",
  "projection.basis.note": "同一个线性视角，用于每一步。",
  "about.pca": "PCA 是线性的：图中的距离有意义，但三个轴装不下的部分被压平了。",
  "about.basis": "这是固定的线性视角，每一步都相同。沿轴的距离有意义，轴以外的部分看不见。",

  "colour.cyclic.note": "首尾相接：{last} 与 0 相邻。",
  "colour.mixture.state": "状态 {name}",
  "colour.mixture.note": "颜色按各角所占的份额混合而成。",

  "inputs.title": "输入",
  "inputs.add": "新输入",
  "inputs.text": "供模型读取的符号",
  "inputs.samples": "示例",
  "inputs.blank": "模型读取的是：{reads}",
  "error.unknown_symbol": "模型不认识“{symbol}”。它读取的是：{reads}",

  "claims.title": "已发表的论断",
  "claims.badge": "{count} 条论断中 {holding} 条成立",
  "claims.here": "此处，第 {step} 步",
  "claims.undefined": "在这一步没有定义",
  "claims.published": "论文数值",
  "claims.threshold": "阈值",
  "claims.source": "论文",
  "claims.holds": "成立",
  "claims.fails": "不成立",
  "claims.decided": "在第 {step} 步判定：{here}",
  "claims.chart": "{title}随训练的变化；拖动可在各步之间移动",
  "claims.note":
    "阈值来自论文；论文没有给出数值时来自理论；两者都没有的标明“阈值由我们设定”。“layerfold verify” 会从检查点重新计算每个数值。",
  "claims.ours": "阈值由我们设定",
  "claims.registered": "训练之前登记",
};
