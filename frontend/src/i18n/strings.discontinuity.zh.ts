/** Words of the map's discontinuities, in Chinese. */

export default {
  "colour.perturbation": "扰动分数",
  "colour.singularity": "奇异分数",
  "colour.perturbation.unit": "倍散布",
  "colour.singularity.unit": "1／刚度",
  "colour.perturbation.note":
    "状态移动其散布的十分之一时，点的位置在图中移动多远（以图的散布计）。暗：稳定。亮：跳变不小于位置随机分配的图。",
  "colour.singularity.note":
    "点的位置被固定得多松：布局损失在此处最小刚度的倒数（以散布计）。暗：牢固。亮：与位置随机分配的图一样松。",
  "score.layout": "这些分数说的是对齐布局的映射：请在上方选择它。",
  "score.measuring": "正在此层位与训练步测量映射：需几秒……",
  "score.measure": "在此处测量映射",
  "score.measure.tip": "状态略有不同时，这个位置是否会跳变。需几秒；与随机分配的位置对照。",
  "score.steady": "稳定",
  "score.loose": "较松：状态略变，位置便移动",
  "score.random": "取决于偶然：与位置随机分配的图相当",
  "score.beside": "高于点云的 {percent}；随机分配时：{control}（中位数）",
  "number.perturbation": "扰动分数",
  "number.perturbation.tip":
    "状态沿其最宽的方向移动散布的十分之一时，位置在图中移动多远（以图的散布计）。",
  "number.singularity": "奇异分数",
  "number.singularity.tip":
    "位置被固定得多松：布局损失在此处最小刚度的倒数（以散布计）；∞：不是严格极小。",
};
