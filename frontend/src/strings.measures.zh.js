/** 各项度量的中文名称、单位与一句话说明。 */

/** @type {Record<string, string>} */
export const GROUPS = {
  fidelity: "画面的忠实度",
  dimension: "维数",
  spectrum: "谱",
  sites: "位置之间",
  steps: "步与步之间",
  topology: "拓扑",
  map: "层的局部映射",
  training: "训练",
};

/** @type {Record<string, [string, string, string]>} */
export const MEASURES = {
  trust: ["平均可信度", "0–1", "图中邻域有多真实：0.5 等于随机，1 为完全忠实"],
  continuity: ["平均连续度", "0–1", "真实邻域在图中保留了多少：0.5 等于随机"],
  recall: ["保留的邻居", "0–1", "15 个真实邻居中仍在图中最近 15 个之内的比例"],
  shepard: ["Shepard 相关", "−1–1", "远的是否画得远：真实距离与画面距离的秩相关"],
  stability: ["自上一步的漂移", "倍散布", "画面自上一个检查点以来移动了多远"],
  move_spearman: ["移动次序的保真", "−1–1", "到下一位置的真实移动与画面移动的秩相关"],

  twonn: ["内在维数", "维", "状态在其邻居周围能以多少种方式变化（TwoNN）"],
  twonn_2: ["内在维数 · 半数点", "维", "每两点取一点的 TwoNN：粗一级的维数"],
  twonn_4: ["内在维数 · 四分之一", "维", "每四点取一点的 TwoNN：更粗的尺度"],
  twonn_8: ["内在维数 · 八分之一", "维", "每八点取一点的 TwoNN：最粗的尺度"],
  mle: ["内在维数 · 似然", "维", "同一问题，由邻居的最大似然估计回答"],
  components_90: ["占 90% 的方向数", "个方向", "解释九成方差所需的主成分个数"],

  participation_ratio: ["参与率", "个方向", "状态真正用到多少个方向"],
  rankme: ["RankMe", "个方向", "有效秩：方差在各方向上分布得多均匀"],
  alpha_req: ["谱衰减 α", "指数", "方差随方向下降的快慢，越大越陡"],
  anisotropy: ["各向异性", "余弦", "随机点对的平均余弦：0 为各向都有，1 为同一方向"],
  norm: ["状态范数", "长度", "归一化之前状态的平均长度"],
  rank_q: ["查询权重的秩", "个方向", "本层 W_Q 的有效秩"],
  rank_k: ["键权重的秩", "个方向", "本层 W_K 的有效秩"],
  rank_v: ["值权重的秩", "个方向", "本层 W_V 的有效秩"],
  rank_o: ["输出权重的秩", "个方向", "本层 W_O 的有效秩"],
  rank_in: ["MLP 输入权重的秩", "个方向", "本层 MLP 第一组权重的有效秩"],
  rank_out: ["MLP 输出权重的秩", "个方向", "本层 MLP 第二组权重的有效秩"],

  cka_site: ["与下一位置的相似度", "0–1", "线性 CKA：1 表示除旋转与缩放外几何相同"],
  overlap_site: ["到下一位置保留的邻居", "0–1", "最近邻在下一位置仍为最近邻的比例"],
  procrustes_site: ["与下一位置的失配", "0–1", "最佳旋转、平移、缩放之后仍剩下的部分"],
  move_site: ["到下一位置的移动", "倍散布", "状态到下一位置走多远，相对于散布"],
  turn_site: ["在此位置的转角", "弧度", "状态移入此位置与随后移出之间的夹角"],
  curvature: ["路径的曲率", "弧度/长度", "状态穿过各层时转得多急"],

  cka_step: ["与上一步的相似度", "0–1", "与上一个检查点的线性 CKA：1 表示几何相同"],
  overlap_step: ["自上一步保留的邻居", "0–1", "最近邻在上一个检查点已是最近邻的比例"],
  procrustes_step: ["与上一步的失配", "0–1", "与上一个检查点作最佳旋转、平移、缩放后仍剩下的部分"],
  move_step: ["自上一步的移动", "倍散布", "状态自上一个检查点走了多远，相对于散布"],
  turn_step: ["自上一步的转角", "弧度", "状态在训练中最近两次移动之间的夹角"],

  h0_total: ["簇 · 总量", "倍中位距离", "H0：全部合并长度之和，点云分散成块时较大"],
  h1_total: ["环 · 总量", "倍中位距离", "H1：全部环的存续长度之和"],
  h0_longest: ["簇 · 最长", "倍中位距离", "H0：把点云一分为二的最宽间隙"],
  h1_longest: ["环 · 最长", "倍中位距离", "H1：最持久的环，只有一个大值时即为一个圆"],

  stretch: ["最强拉伸", "×", "到下一位置的映射在拉伸最强的方向上拉伸多少"],
  condition: ["映射的条件数", "×", "最强与最弱拉伸之比，大则近乎压平"],
  log_volume: ["体积变化", "纳特", "到下一位置的映射使体积变化的对数，小于 0 为收缩"],
  flat_directions: ["被折叠的方向", "个方向", "到下一位置的映射无法区分的方向数"],

  loss: ["训练损失", "纳特/词元", "模型预测训练数据的误差，每步一个值"],
  val_loss: ["验证损失", "纳特/词元", "模型预测未见文本的误差，每步一个值"],
  train_loss: ["训练损失", "纳特", "模型预测训练数据的误差，每步一个值"],
  test_loss: ["测试损失", "纳特", "模型预测未见数据的误差，每步一个值"],
  bits_per_byte: ["每字节比特", "比特/字节", "与分词方式无关的验证损失，每步一个值"],
  accuracy: ["准确率", "0–1", "答对的比例，每步一个值"],
  train_accuracy: ["训练准确率", "0–1", "在训练数据上答对的比例，每步一个值"],
  test_accuracy: ["测试准确率", "0–1", "在未见数据上答对的比例，每步一个值"],
  lr: ["学习率", "每步", "优化器每步走多大"],
  grad_norm: ["梯度范数", "长度", "损失对权重的拉力有多强"],
  weight_norm: ["权重范数", "长度", "全部权重合在一起的长度"],
};

/** @type {Record<string, string>} */
export const WORDS = {
  "pad.value": "{measure}：{value}",
  "measure.undefined": "此处无定义",
  "measure.undefined.why": "此处无定义：{reason}",
  "measure.undefined.plain": "此处无定义。",
  "measure.range": "{low} 至 {high}",

  "curves.label": "曲线",
  "curves.show": "显示曲线",
  "curves.hide": "隐藏曲线",
  "curves.first": "地图与曲线的度量",
  "curves.second": "第二个度量",
  "curves.none": "与……比较",
  "curves.only": "不比较",
  "curves.layers": "沿各层",
  "curves.steps": "沿训练",
  "curves.log": "对数刻度",
  "curves.layers.at": "第 {step} 步",
  "curves.steps.at": "{site}",
  "curves.chart": "{measure}，{axis}",
  "curves.fit": "按这两条曲线缩放刻度",
  "curves.whole": "所有层与步共用一个刻度",
  "curves.save": "保存所示内容",
  "curves.save.png": "PNG 图片",
  "curves.save.svg": "SVG 矢量图",
  "curves.save.csv": "CSV 数值",
  "curves.band": "色带：误差范围。浅线：其余各步与各层。",
  "curves.saved.not": "此浏览器无法生成图片：{why}",

  "event.words": "{measure} {before} → {after}",
  "event.at": "{words}，{site}",
  "event.more": "另有 {count} 项",
  "event.step": "第 {step} 步",
  "event.list": "发生变化的训练步",

  "keys.curves": "度量的曲线",
  "keys.events": "上一个、下一个事件",
};
