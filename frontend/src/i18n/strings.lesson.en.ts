/** The lesson's own words in English; its chapters are in seed/lesson.en.ts. */

export default {
  "lesson.title": "Lesson",
  "lesson.open": "Lesson",
  "lesson.open.tip": "The claims as a walk of twenty minutes",
  "lesson.chapters": "Chapters",
  "lesson.chapter": "Chapter {chapter} of {of}",
  "lesson.chapter.name": "{chapter} · {title}",
  "lesson.try": "Try it",
  "lesson.elsewhere": "This model does not show it: {title} will be opened.",
  "lesson.look": "What to look at",
  "lesson.claims": "Put to the test",
  "lesson.claims.not": "What does not hold as it is worded",
  "lesson.claims.all": "Every claim holds as it is worded in this model.",
  "lesson.before": "Back",
  "lesson.after": "Next",
  "lesson.end": "To the text",
  "lesson.present": "Present to a class",
  "lesson.present.leave": "Leave the presentation",
  "lesson.notes": "Notes",
  "lesson.notes.tip": "The teacher’s notes (N)",
  "lesson.where": "step {step} · {site}",
};
