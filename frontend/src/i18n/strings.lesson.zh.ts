/** 课程本身的中文文字；各章在 seed/lesson.zh.ts 中。 */

export default {
  "lesson.title": "课程",
  "lesson.open": "课程",
  "lesson.open.tip": "把论断走一遍，二十分钟",
  "lesson.chapters": "各章",
  "lesson.chapter": "第 {chapter} 章，共 {of} 章",
  "lesson.chapter.name": "{chapter} · {title}",
  "lesson.try": "动手试试",
  "lesson.elsewhere": "这个模型无法演示，将打开“{title}”。",
  "lesson.look": "看什么",
  "lesson.claims": "加以检验",
  "lesson.claims.not": "按原话不成立的论断",
  "lesson.claims.all": "在此模型中，每一条论断按原话都成立。",
  "lesson.before": "上一章",
  "lesson.after": "下一章",
  "lesson.end": "回到原文",
  "lesson.present": "课堂演示",
  "lesson.present.leave": "退出演示",
  "lesson.notes": "讲稿",
  "lesson.notes.tip": "教师讲稿（N）",
  "lesson.where": "第 {step} 步 · {site}",
};
