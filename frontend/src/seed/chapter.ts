/** What a chapter of the lesson says. */

/** A chapter in one language; its text is running text of markup.ts. */
export interface Chapter {
  title: string;
  /** the one sentence to remember */
  lead: string;
  text: string[];
  /** the same in a few words, for a class */
  points: string[];
  /** what the button sets, and what to look at then */
  act: string;
  look: string;
  /** what the teacher may say */
  notes: string;
}
