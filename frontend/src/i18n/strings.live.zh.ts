/** Words of runs that are being made or trained, in Chinese. */

export default {
  "live.mark": "实时",
  "live.tip": "这次训练仍在进行：每个新的步都会自动出现在训练滑块上，已有的步保持不变。",
  "live.work": "正在计算",
  "live.building": "正在生成：{percent}% · {stage}",
  "live.veil": "正在生成“{title}”的点云，完成后会自动出现在这里。",
  "live.veil.waiting": "“{title}”正在记录，第一个步会自动出现在这里。",
  "live.veil.line": "“{title}”正在排队，轮到时会自动生成。",
  "live.stage.line": "排队中",
  "live.stage.starting": "正在启动",
  "live.stage.waiting": "等待第一个步",
  "live.stage.reference": "选取参考词元",
  "live.stage.neighbours": "近邻",
  "live.stage.layout": "布局",
  "live.stage.trust": "邻域可信度",
  "live.stage.step": "第 {step} 步",
  "live.stage.pictures": "线性投影",
  "live.stage.measures": "指标",
  "live.tour.end": "拖动滑块、转动点云，或点选一个点，看看它的近邻。",
  "live.untyped":
    "这次训练只记录了状态，没有保存权重：可以观看，但无法读入句子。记录时设置 weights=True 即可在此输入。",
};
