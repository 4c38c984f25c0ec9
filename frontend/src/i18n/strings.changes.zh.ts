/** Words of what is changed in the panel of meaning, attacks and compression, in Chinese. */

export default {
  "meaning.attack.question": "多小的改动能改变预测，它是否离开点云？",
  "meaning.attack.limits":
    "它并列显示一处改动的作用与它离开点云的程度。点云上的改动也能改变预测：离开点云是观察结果，不是定义。",
  "meaning.attack.text": "文字",
  "meaning.attack.gradient": "沿梯度",
  "meaning.attack.gradient.tip": "损失增长最快的方向。",
  "meaning.attack.tangent": "其切向部分",
  "meaning.attack.tangent.tip": "梯度沿最近状态主方向的部分。",
  "meaning.attack.normal": "其法向部分",
  "meaning.attack.normal.tip": "梯度垂直于这些方向的部分。",
  "meaning.attack.random": "随机方向",
  "meaning.attack.random.tip": "16 个同样长度的方向的均值与 95 % 范围。",
  "meaning.attack.flips":
    "改一个词元即可改变预测“{predicted}”：{old} → {new} 使其下降 {effect} 奈特；随机改动下降 {random}。",
  "meaning.attack.holds":
    "改一个词元不能改变预测“{predicted}”；最佳的 {old} → {new} 使其下降 {effect} 奈特；随机改动下降 {random}。",
  "meaning.attack.exact": "全部 {tried} 种改动都已尝试。",
  "meaning.attack.ranked": "尝试了按梯度最有希望的 {tried} 种改动。",
  "meaning.attack.outside": "移动后状态的离群百分位（同样的长度）：",
  "meaning.attack.change": "改动",
  "meaning.attack.change.tip": "原词元及其替换。",
  "meaning.attack.effect": "奈特",
  "meaning.attack.effect.tip": "预测的对数概率下降多少。",
  "meaning.attack.turns": "改变",
  "meaning.attack.turns.tip": "此时预测是否变为另一个词元。",
  "meaning.attack.off": "离群",
  "meaning.attack.off.tip": "改动后末词元状态的离群百分位。",
  "meaning.attack.yes": "是",
  "meaning.attack.no": "否",
  "meaning.attack.shortest": "能改变预测的最短移动（1 为状态自身的长度）：",
  "meaning.attack.never": "无",
  "meaning.compress.question": "模型变小时损失了什么？",
  "meaning.compress.limits":
    "损害是留出文字上增加的损失。同样大小的噪声是对照：超出它的部分来自改动自身的方向。数值只对这段文字和这一训练步成立。",
  "meaning.compress.bits": "位数",
  "meaning.compress.bits.value": "{amount} 位",
  "meaning.compress.rank": "秩",
  "meaning.compress.rank.value": "秩 {amount}",
  "meaning.compress.sparsity": "稀疏度",
  "meaning.compress.sparsity.value": "{amount} 置零",
  "meaning.compress.directions": "方向",
  "meaning.compress.directions.value": "保留 {amount} 个",
  "meaning.compress.untouched": "不变",
  "meaning.compress.said": "各模型逐词取最可能者的续写",
  "meaning.compress.alike": "（相同）",
  "meaning.compress.changes": "改动",
  "meaning.compress.how":
    "bits=3 · rank=32 · sparsity=0.5 · layer=2 · head=2.1 · directions=16，以逗号分隔",
  "meaning.compress.sentence": "续写",
  "meaning.compress.whole": "完整模型",
  "meaning.compress.damage": "增加的损失",
  "meaning.compress.noise": "同样大小的噪声",
  "meaning.compress.worst":
    "{change} 使每词元损失增加 {damage} 奈特（完整模型：{loss}）；同样大小的噪声增加 {noise}。",
  "meaning.compress.grows":
    "{change} 的代价在第 {first} 步为 {early} 奈特，在第 {last} 步为 {late}：损害随训练增长，" +
    "与 arXiv 2411.17691 所说一致（第 {peak} 步最大：{most}）。",
  "meaning.compress.flat":
    "{change} 的代价在第 {first} 步为 {early} 奈特，在第 {last} 步为 {late}：这些步中看不出随训练增长" +
    "（第 {peak} 步最大：{most}）。",
  "meaning.compress.falls":
    "{change} 的代价在第 {first} 步为 {early} 奈特，在第 {last} 步仅为 {late}：arXiv 2411.17691 的规律" +
    "（损害随训练增长）在此不成立。",
  "meaning.compress.change.short": "改动",
  "meaning.compress.change.tip": "取整、截断或去掉了什么。",
  "meaning.compress.damage.short": "+ 损失",
  "meaning.compress.damage.tip": "每词元增加的奈特数，附对窗口的 95 % 区间。",
  "meaning.compress.noise.short": "噪声",
  "meaning.compress.noise.tip": "与每个矩阵的改动同样大小的正态噪声。",
  "meaning.compress.divergence.short": "KL",
  "meaning.compress.divergence.tip": "KL(完整 ‖ 变小)，每词元奈特数。",
  "meaning.compress.kept.short": "保留",
  "meaning.compress.kept.tip": "每个词元 15 个最近状态中保留的比例。",
  "meaning.compress.residual.short": "图",
  "meaning.compress.residual.tip": "末层位状态的 Procrustes 残差：0 为相同。",
};
