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
  "live.stage.density": "密度",
  "live.stage.trust": "邻域可信度",
  "live.stage.step": "第 {step} 步",
  "live.stage.pictures": "线性投影",
  "live.stage.measures": "指标",
  "live.tour.end": "拖动滑块、转动点云，或点选一个点，看看它的近邻。",
  "live.untyped":
    "这次训练只记录了状态，没有保存权重：可以观看，但无法读入句子。记录时设置 weights=True 即可在此输入。",

  "logged.loss": "损失",
  "logged.val_loss": "验证损失",
  "logged.lr": "学习率",
  "logged.grad_norm": "梯度范数",
  "finding.more": "{shown} 等另外 {count} 处",
  "finding.broken": "第 {step} 步的损失不是数",
  "finding.broken.rule": "日志中有非有限的损失。请降低学习率，或检查该步的批次。",
  "finding.flat": "损失停滞",
  "finding.flat.rule":
    "自第 {from} 步起（日志的后三分之一），损失中位数只变化了 {percent} %；我们的阈值为 {flat} %。",
  "finding.vanishing": "梯度消失：{sites}",
  "finding.vanishing.rule":
    "在最后 {last} 行（自第 {from} 步）的中位数中，它不到最大层梯度的 {vanishing} 分之一；这是我们的阈值。",
  "finding.burst": "第 {step} 步梯度爆发",
  "finding.burst.rule": "其范数为此前 {before} 行中位数的 {times} 倍；我们的阈值为 {burst} 倍。",
  "finding.frozen": "没有变化：{sites}",
  "finding.frozen.rule":
    "在最后 {last} 行（自第 {from} 步）中其权重完全没有梯度：被冻结，或与损失断开。",
};
