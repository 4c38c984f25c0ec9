/** The scene and what is taken away from it, in Chinese. */

export default {
  "lens.written": "透镜需由 Layerfold 计算；本页是导出的独立文件，其中没有透镜。",
  "error.written_down": "本页是导出的独立文件；需要计算的内容请在 Layerfold 中打开。",

  "trails.comet": "轨迹：邻近层",
  "trails.whole": "轨迹：完整",
  "trails.off": "轨迹：关",
  "trails.tip":
    "邻近层：当前层前后各两个层位；指向或选中的词元显示完整轨迹，旁边是它在各层位的真实近邻。" +
    "完整：所有词元从嵌入到最后一层的轨迹。",
};
