/** Words of comparing, in Chinese. */

export default {
  "keys.compare": "与另一个运行或步比较",
  "compare.open": "与另一个运行或步比较",
  "compare.leave": "结束比较",
  "compare.close": "关闭",
  "compare.title": "比较",
  "compare.run": "要比较的运行",
  "compare.step": "它的训练步",
  "compare.way": "两者如何显示",
  "compare.choose": "选择一个运行…",
  "compare.same": "本运行的另一步",
  "compare.follow": "随滑块的步",
  "compare.unready": "无法打开",
  "compare.beside": "并排",
  "compare.beside.tip": "两个场景，各在自己的点云中；同一视角，同一对滑块",
  "compare.over": "对齐（Procrustes）",
  "compare.over.tip":
    "把另一个运行的状态用最佳旋转（Procrustes）对齐到本运行，放在同一场景；并说明残差",
  "compare.invite": "把本运行与另一个运行、或与自己的另一步放在一起看。",
  "compare.about":
    "并排时，同一视角和同一对滑块同时带动两者。对齐时，另一个运行以最佳旋转对准本运行，并说明残差。",
  "compare.coming": "正在载入另一个运行…",
  "compare.aligning": "两者读同样的词；正在求最佳旋转…",
  "compare.left": "{where}：最佳旋转之后，残差为本运行长度的 {left}；不旋转则为 {without}。",
  "compare.nothing":
    "{where}：最佳旋转之后没有残差（{left}）；不旋转则为 {without}。一个就是另一个的旋转。",
  "compare.undefined": "此处无定义：{reason}。",
  "compare.chart": "各层最佳旋转之后的残差；短横为不旋转时的残差",
  "compare.help":
    "圆环是另一个运行的词元，已旋转到本运行上；连线连接同一词元的两处位置。柱：任何旋转都解释不了的残差。短横：不旋转时。",
  "compare.shape": "若大小也放开：{value}",
  "compare.cka": "线性 CKA {value}",
  "compare.matched": "对应它的 {site}",
  "compare.widths": "宽度 {one} 与 {other}，以零补齐",
  "compare.drawn": "画出 {tokens} 个词元中的 {drawn} 个",
};
