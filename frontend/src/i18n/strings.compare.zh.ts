/** Words of comparing, in Chinese. */

export default {
  "keys.compare": "与另一个训练或步数比较",
  "compare.open": "与另一个训练或步数比较",
  "compare.leave": "结束比较",
  "compare.close": "关闭",
  "compare.title": "比较",
  "compare.run": "要比较的训练",
  "compare.step": "它的训练步",
  "compare.way": "两者如何显示",
  "compare.choose": "选择一个训练……",
  "compare.same": "本训练的另一步",
  "compare.follow": "随滑块的步",
  "compare.unready": "无法打开",
  "compare.beside": "并排",
  "compare.beside.tip": "两个场景，各在自己的点云中；同一视角，同一对滑块",
  "compare.over": "叠放",
  "compare.over.tip": "把另一个训练的状态用最佳旋转叠到本训练上，并说明剩余多少",
  "compare.invite": "把本训练与另一个训练、或与自己的另一步放在一起看。",
  "compare.about":
    "并排时，一个视角和一对滑块同时带动两者。叠放时，另一个训练以最佳旋转对准本训练，并说明还剩多少。",
  "compare.coming": "正在取来另一个训练……",
  "compare.aligning": "两者读同样的词；正在求最佳旋转……",
  "compare.left": "{where}：最佳旋转之后，还剩本训练长度的 {left}；不旋转则为 {without}。",
  "compare.nothing":
    "{where}：最佳旋转之后毫无剩余（{left}）；不旋转则为 {without}。一个就是另一个的旋转。",
  "compare.undefined": "此处无定义：{reason}。",
  "compare.chart": "各层最佳旋转之后的剩余；短横为不旋转时的剩余",
  "compare.help":
    "圆环是另一个训练的词元，已旋转到本训练上；连线连接同一词元的两处位置。柱：任何旋转都解释不了的部分。短横：不旋转时。",
  "compare.shape": "若大小也放开：{value}",
  "compare.cka": "CKA {value}",
  "compare.matched": "对应它的 {site}",
  "compare.widths": "宽度 {one} 与 {other}，以零补齐",
  "compare.drawn": "画出 {tokens} 个词元中的 {drawn} 个",
};
