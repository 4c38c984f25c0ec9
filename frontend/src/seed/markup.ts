/** The little markup of the seed's text and of the lesson: blocks of marked words. Pure. */

/** What running text is made of. */
export type Piece =
  | { kind: "words"; text: string }
  | { kind: "strong"; pieces: Piece[] }
  | { kind: "formula"; source: string }
  | { kind: "claim"; id: string; pieces: Piece[] };

/** A block of text: a heading of depth 1 to 4, a paragraph, a formula, or a line of a list. */
export type Block =
  | { kind: "heading"; depth: number; pieces: Piece[] }
  | { kind: "paragraph"; pieces: Piece[] }
  | { kind: "formula"; source: string }
  | { kind: "item"; depth: number; mark: string; pieces: Piece[] };

/** The blocks of a text; a backslash at the end of a line joins the next one to it. */
export function blocksOf(text: string): Block[] {
  return text
    .replace(/\\\n/g, "")
    .split("\n")
    .filter((line) => line.trim())
    .map(blockOf);
}

function blockOf(line: string): Block {
  const formula = /^\s*\\\[(.*)\\\]\s*$/.exec(line);
  if (formula) return { kind: "formula", source: formula[1].trim() };
  const heading = /^(#{1,4}) (.*)$/.exec(line);
  if (heading)
    return { kind: "heading", depth: heading[1].length, pieces: piecesOf(heading[2].trim()) };
  const item = /^( *)(-|\d+\.) (.*)$/.exec(line);
  if (item)
    return {
      kind: "item",
      depth: item[1].length ? 2 : 1,
      mark: item[2] === "-" ? "" : item[2],
      pieces: piecesOf(item[3].trim()),
    };
  return { kind: "paragraph", pieces: piecesOf(line.trim()) };
}

const MARKS = /\[\[([\d.]+[a-z])\|([^]*?)\]\]|\*\*([^]*?)\*\*|\\\(([^]*?)\\\)/g;

/** The pieces of a line: claims, strong words, formulas, and what is between them. */
export function piecesOf(line: string): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  const words = (to: number) => {
    if (to > from) pieces.push({ kind: "words", text: line.slice(from, to) });
  };
  for (const found of line.matchAll(MARKS)) {
    const [whole, id, claim, strong, source] = found;
    words(found.index);
    from = found.index + whole.length;
    if (id) pieces.push({ kind: "claim", id, pieces: piecesOf(claim) });
    else if (strong !== undefined) pieces.push({ kind: "strong", pieces: piecesOf(strong) });
    else pieces.push({ kind: "formula", source: source.trim() });
  }
  words(line.length);
  return pieces;
}

/** The claims of a text, in its order. */
export function claimsOf(text: string): string[] {
  return [...text.matchAll(/\[\[([\d.]+[a-z])\|/g)].map(([, id]) => id);
}

/** The words of pieces alone, formulas as they are written. */
export function plain(pieces: Piece[]): string {
  return pieces
    .map((one) =>
      one.kind === "words"
        ? one.text
        : one.kind === "formula"
          ? `\\( ${one.source} \\)`
          : plain(one.pieces),
    )
    .join("");
}
