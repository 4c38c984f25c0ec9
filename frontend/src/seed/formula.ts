/** Formulas of the seed's text, from the little TeX that it uses to MathML. Pure. */

/** An element of MathML. */
export interface Formula {
  tag: string;
  attrs: Record<string, string>;
  children: (Formula | string)[];
}

const SIGNS: Record<string, string> = {
  "\\times": "×",
  "\\ll": "≪",
  "\\in": "∈",
  "\\cdot": "·",
  "-": "−",
};
const LETTERS: Record<string, string> = {
  "\\partial": "∂",
  "\\theta": "θ",
  "\\eta": "η",
};
const SCRIPT: Record<string, string> = { L: "ℒ" };
const DOUBLE: Record<string, string> = { R: "ℝ" };

function made(tag: string, ...children: (Formula | string)[]): Formula {
  return { tag, attrs: {}, children };
}

/** A formula as an element <math>. */
export function formulaOf(source: string, display = false): Formula {
  const reader = { tokens: source.match(/\\[a-zA-Z]+|\d+|[^\s]/g) ?? [], at: 0 };
  const math = made("math", row(reader));
  return display ? { ...math, attrs: { display: "block" } } : math;
}

interface Reader {
  tokens: string[];
  at: number;
}

function row(reader: Reader): Formula {
  const found: Formula[] = [];
  while (reader.at < reader.tokens.length && reader.tokens[reader.at] !== "}") {
    const one = scripted(reader);
    if (one) found.push(one);
  }
  return found.length === 1 ? found[0] : made("mrow", ...found);
}

/** An atom with what stands above and below it. */
function scripted(reader: Reader): Formula | null {
  const base = atom(reader);
  if (!base) return null;
  const scripts: Record<string, Formula> = {};
  for (let sign = reader.tokens[reader.at]; sign === "^" || sign === "_";) {
    reader.at++;
    scripts[sign] = atom(reader) ?? made("mrow");
    sign = reader.tokens[reader.at];
  }
  const { "^": up, _: low } = scripts;
  if (up && low) return made("msubsup", base, low, up);
  if (up) return made("msup", base, up);
  return low ? made("msub", base, low) : base;
}

function atom(reader: Reader): Formula | null {
  const token = reader.tokens[reader.at++];
  if (token === "{") {
    const inner = row(reader);
    reader.at++;
    return inner;
  }
  if (token === "\\left" || token === "\\right") return made("mo", reader.tokens[reader.at++]);
  if (token === "\\frac") return made("mfrac", atom(reader) ?? "", atom(reader) ?? "");
  if (token === "\\sqrt") return made("msqrt", atom(reader) ?? "");
  if (token === "\\text") return made("mtext", letters(reader));
  if (token === "\\mathcal") return made("mi", mapped(letters(reader), SCRIPT));
  if (token === "\\mathbb") return made("mi", mapped(letters(reader), DOUBLE));
  if (token in LETTERS) return made("mi", LETTERS[token]);
  if (token in SIGNS) return made("mo", SIGNS[token]);
  if (/^\d/.test(token)) return made("mn", token);
  return /^\p{L}$/u.test(token) ? made("mi", token) : made("mo", token);
}

/** The letters between braces. */
function letters(reader: Reader) {
  const end = reader.tokens.indexOf("}", reader.at);
  const inner = reader.tokens.slice(reader.at + 1, end).join("");
  reader.at = end + 1;
  return inner;
}

function mapped(text: string, table: Record<string, string>) {
  return [...text].map((one) => table[one] ?? one).join("");
}
