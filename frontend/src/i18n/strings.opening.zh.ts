/** 开场十秒所说的话：画面上的事实，以及有卡片为证的论断。 */

export default {
  "tour.start": "第 {step} 步：未经训练的模型。每个点是语料中的一个词元。",
  "tour.train": "一步又一步，训练移动每一个点。",
  "tour.sentences": "两个句子进入画面，都含有“{word}”。",
  "tour.sentences.plain": "两段输入进入画面，每个词元是一个点。",
  "tour.layers": "一层又一层，每个词元吸收它前面的词。",
  "tour.end": "拖动滑块、转动点云，或输入你自己的句子。",
  "tour.end.inputs": "拖动滑块、转动点云，或输入你自己的内容。",

  "tour.fold": "训练使点云折叠：到第 {at} 步，{first} 个方向收成 {least} 个。",
  "tour.unfold": "随后它又展开，到 {last} 个方向。",
  "tour.card": "{title}：{here}。",
  "tour.circle": "它先死记每一个和；很久以后，数字落在圆上：{here}。",
  "tour.belief": "要预测，就得猜隐藏状态：它的信念展开成一个三角形。{here}。",
  "tour.induction": "短短几百步之内，一个注意力头学会回头看：{here}。",
  "tour.verse.lines": "它学会了一句诗在哪里结束：{here}。",
  "tour.verse.tones": "读到句末，它已含着下一句的平仄：{here}。",
  "tour.verse.rhyme": "也含着全诗的韵：{here}。",
};
