/** A square of attention: who looks down the left, who is looked at above each column. */

type Pattern = { values: Float32Array; tokens: number };
/** `own`: the row that is picked; -1: none. */
type Ink = { color: string; ink: string; own: number };

/** Canvas pixels, two a pixel of CSS: the whole, and the most room for names. */
const WIDE = 612;
const NAMES = 132;
const TYPE = 21;
/** Letters of a name. */
const LETTERS = 11;

/** What the square leaves to each token, canvas pixels. */
const cellOf = (tokens: number, names: number) => Math.max(1, (WIDE - names) / Math.max(1, tokens));

/** The cell under the pointer; null beside the square. */
export function cellAt(event: MouseEvent, canvas: HTMLCanvasElement) {
  const box = canvas.getBoundingClientRect();
  const tokens = Number(canvas.dataset.tokens ?? 0);
  const room = Number(canvas.dataset.room ?? 0);
  const scale = canvas.width / box.width;
  const cell = cellOf(tokens, room);
  const column = Math.floor(((event.clientX - box.left) * scale - room) / cell);
  const row = Math.floor(((event.clientY - box.top) * scale - room) / cell);
  return row >= 0 && row < tokens && column >= 0 && column < tokens ? { row, column } : null;
}

/** Draws a pattern with the tokens' names on both sides. */
export function drawMatrix(
  canvas: HTMLCanvasElement,
  pattern: Pattern,
  look: Ink,
  names: string[],
) {
  const { tokens } = pattern;
  [canvas.width, canvas.height] = [WIDE, WIDE];
  canvas.style.aspectRatio = "1";
  canvas.dataset.tokens = String(tokens);
  const context = canvas.getContext("2d");
  if (!context) return;
  const type = Math.max(15, Math.min(TYPE, cellOf(tokens, NAMES) - 2));
  context.font = `${type}px system-ui, sans-serif`;
  const words = names.map(shortened);
  const room = Math.min(
    NAMES,
    16 + Math.max(...words.map((one) => context.measureText(one).width)),
  );
  canvas.dataset.room = String(room);
  const cell = cellOf(tokens, room);
  drawCells(context, pattern, look, { cell, room });
  const causal = isCausal(pattern);
  context.fillStyle = look.ink;
  context.textBaseline = "middle";
  for (const at of namedRows(tokens, cell, look.own)) {
    context.globalAlpha = at === look.own || look.own < 0 ? 0.92 : 0.5;
    const middle = room + (at + 0.5) * cell;
    context.textAlign = "right";
    context.fillText(words[at], room - 8, middle);
    // above its column; of what looks only back, just above the diagonal
    context.save();
    context.translate(middle, room + (causal ? at * cell : 0) - 6);
    context.rotate(-Math.PI / 2);
    context.textAlign = "left";
    context.fillText(words[at], 0, 0);
    context.restore();
  }
}

function drawCells(
  context: CanvasRenderingContext2D,
  { values, tokens }: Pattern,
  { color, own }: Ink,
  { cell, room }: { cell: number; room: number },
) {
  const gap = cell > 8 ? 1 : 0;
  context.fillStyle = color;
  for (let row = 0; row < tokens; row++)
    for (let column = 0; column < tokens; column++) {
      const value = values[row * tokens + column];
      if (column > row && !(value > 0)) continue;
      context.globalAlpha = 0.06 + 0.94 * Math.sqrt(value);
      context.fillRect(room + column * cell, room + row * cell, cell - gap, cell - gap);
    }
  if (own < 0) return;
  context.globalAlpha = 0.9;
  context.strokeStyle = color;
  context.lineWidth = 2;
  context.strokeRect(room - 1, room + own * cell - 1, (own + 1) * cell + 1, cell + 1);
}

/** Whether no token looks ahead. */
export function isCausal({ values, tokens }: Pattern) {
  for (let row = 0; row < tokens; row++)
    for (let column = row + 1; column < tokens; column++)
      if (values[row * tokens + column] > 0) return false;
  return true;
}

/** The rows whose names have room, the picked one among them. */
export function namedRows(tokens: number, cell: number, own: number): number[] {
  const every = Math.max(1, Math.ceil(17 / cell));
  const rows = Array.from({ length: tokens }, (_, row) => row);
  if (own < 0) return rows.filter((row) => row % every === 0);
  return rows.filter((row) => row === own || (row % every === 0 && Math.abs(row - own) >= every));
}

function shortened(name: string) {
  const letters = [...name];
  return letters.length > LETTERS ? `${letters.slice(0, LETTERS - 1).join("")}…` : name;
}
