/** Models that the page can fetch, and a socket that is refused, in Chinese. */

export default {
  "offer.line": "一个真正的语言模型，另需下载 {megabytes} MB。",
  "offer.here": "一个真正的语言模型，已在本机，可直接打开。",
  "offer.starting": "正在开始……",
  "offer.fetching": "正在下载，{percent}%",
  "offer.making": "正在转换模型，{percent}%",
  "offer.atlas": "正在绘制图景，{percent}%",
  "offer.failed": "未能下载：{message}",
  "offer.about":
    "{title}：从 Python 软件包索引下载 {megabytes} MB（{source}，许可 {licence}），" +
    "转换后占用本机磁盘 {disk} MB。",
  "offer.rounded": "经过指令微调；权重已量化为四比特。",
  "offer.better": "若能访问模型仓库，layerfold {better} 打开的版本更好。",
  "offer.fetch": "下载 {megabytes} MB",
  "offer.open": "打开",
  "offer.stop": "停止",
  "offer.no": "暂不",
  "offer.fold": "收起",
  "sentences.special": "<s>、[MASK] 等写法是否指模型的特殊词元",
  "sentences.special.on": "按特殊词元读取",
  "sentences.special.off": "按普通文本读取",
  "strip.epoch.value": "第 {step} 轮",
  "strip.same": "权重与 {steps} 相同",
  "strip.own": "文件夹中的模型",
  "line.refused": "服务器拒绝了本页的连接。{message}",
};
