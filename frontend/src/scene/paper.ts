/* eslint-disable max-len -- lines of SVG and PDF stand as they are written */
/** A drawing of the scene as SVG or PDF: vector points and paths, labels as text. Pure. */

import type { Drawing, Mark } from "./picture.ts";

const short = (value: number) => String(Math.round(value * 100) / 100);
const rgb = ([r, g, b]: number[]) =>
  `#${[r, g, b].map((v) => v.toString(16).padStart(2, "0")).join("")}`;
const escaped = (text: string) =>
  text
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "")
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;")
    .replace(/"/g, "&quot;");

const FONT = "system-ui, 'Segoe UI', 'Noto Sans', 'Noto Sans CJK SC', sans-serif";

/** @param caption one line below the picture: what it shows, and where it comes from */
export function svgOf(
  { width, height, ground, marks }: Drawing,
  caption: string,
  ink: string,
): string {
  const whole = height + 28;
  const [middle, half, edge] = ground.map(escaped);
  return `<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${whole}" viewBox="0 0 ${width} ${whole}" font-family="${FONT}">
<title>${escaped(caption)}</title>
<defs><radialGradient id="g" cx=".5" cy=".46" r=".78"><stop offset="0" stop-color="${middle}"/><stop offset=".52" stop-color="${half}"/><stop offset="1" stop-color="${edge}"/></radialGradient></defs>
<rect width="${width}" height="${whole}" fill="url(#g)"/>
${marks.map((mark) => svgMark(mark, half)).join("\n")}
<text x="16" y="${height + 14}" font-size="11" fill="${escaped(ink)}">${escaped(caption)}</text>
</svg>
`;
}

function svgMark(mark: Mark, halo: string) {
  if (mark.kind === "dot")
    return `<circle cx="${short(mark.x)}" cy="${short(mark.y)}" r="${short(mark.r)}" fill="${rgb(mark.color)}" fill-opacity="${short(mark.alpha)}"/>`;
  if (mark.kind === "line")
    return `<polyline points="${mark.points.map(short).join(" ")}" fill="none" stroke="${rgb(mark.color)}" stroke-opacity="${short(mark.alpha)}" stroke-width="${short(mark.width)}" stroke-linecap="round"${mark.dashed ? ' stroke-dasharray="3 3"' : ""}/>`;
  return `<text x="${short(mark.x)}" y="${short(mark.y)}" font-size="${short(mark.size)}" font-weight="${mark.bold ? 600 : 500}" fill="${rgb(mark.color)}" stroke="${halo}" stroke-width="3" paint-order="stroke" dominant-baseline="middle">${escaped(mark.text)}</text>`;
}

/** Opacities a PDF is drawn with. */
const LEVELS = 20;

/** One page, in points of a pixel each. */
export function pdfOf({ width, height, ground, marks }: Drawing, caption: string): Uint8Array {
  const tall = height + 28;
  const hex = (color: string) =>
    [1, 3, 5].map((at) => short(parseInt(color.slice(at, at + 2), 16) / 255)).join(" ");
  const body = [
    `${hex(ground[1])} rg 0 0 ${width} ${tall} re f`,
    `1 0 0 -1 0 ${tall} cm 1 J`,
    ...marks.map(pdfMark),
    pdfWord(caption, 16, height + 14, 9, ground[1] > "#8" ? [90, 96, 110] : [150, 160, 180], false),
  ].join("\n");
  const states = Array.from(
    { length: LEVELS + 1 },
    (_, i) => `/A${i} << /ca ${short(i / LEVELS)} /CA ${short(i / LEVELS)} >>`,
  );
  const k = 0.5523;
  const disc = `1 0 m 1 ${k} ${k} 1 0 1 c -${k} 1 -1 ${k} -1 0 c -1 -${k} -${k} -1 0 -1 c ${k} -1 1 -${k} 1 0 c f`;
  const objects = [
    "<< /Type /Catalog /Pages 2 0 R >>",
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 ${width} ${tall}] /Contents 4 0 R /Resources << /XObject << /C 5 0 R >> /ExtGState << ${states.join(" ")} >> /Font << /F 6 0 R /B 7 0 R /S 8 0 R >> >> >>`,
    `<< /Length ${body.length} >>\nstream\n${body}\nendstream`,
    `<< /Type /XObject /Subtype /Form /BBox [-1 -1 1 1] /Length ${disc.length} >>\nstream\n${disc}\nendstream`,
    "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>",
    "<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H /DescendantFonts [9 0 R] >>",
    "<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 4 >> /FontDescriptor 10 0 R >>",
    "<< /Type /FontDescriptor /FontName /STSong-Light /Flags 6 /FontBBox [-25 -254 1000 880] /ItalicAngle 0 /Ascent 880 /Descent -120 /CapHeight 880 /StemV 93 >>",
    `<< /Producer (Layerfold) /Title <feff${utf16(caption)}> >>`,
  ];
  return assembled(objects);
}

function assembled(objects: string[]) {
  let text = "%PDF-1.4\n";
  const starts = objects.map((object, i) => {
    const start = text.length;
    text += `${i + 1} 0 obj\n${object}\nendobj\n`;
    return start;
  });
  const table = starts.map((start) => `${String(start).padStart(10, "0")} 00000 n \n`).join("");
  text += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${table}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R /Info ${objects.length} 0 R >>\nstartxref\n${text.length}\n%%EOF\n`;
  return Uint8Array.from(text, (one) => one.charCodeAt(0));
}

const utf16 = (text: string) =>
  Array.from({ length: text.length }, (_, i) =>
    text.charCodeAt(i).toString(16).padStart(4, "0"),
  ).join("");

function pdfMark(mark: Mark) {
  if (mark.kind === "word")
    return pdfWord(mark.text, mark.x, mark.y, mark.size, mark.color, mark.bold);
  const color = mark.color.map((v) => short(v / 255)).join(" ");
  const level = `/A${Math.max(1, Math.round(mark.alpha * LEVELS))} gs`;
  if (mark.kind === "dot")
    return `q ${level} ${color} rg ${short(mark.r)} 0 0 ${short(mark.r)} ${short(mark.x)} ${short(mark.y)} cm /C Do Q`;
  const pairs = Array.from(
    { length: mark.points.length / 2 },
    (_, i) => `${short(mark.points[2 * i])} ${short(mark.points[2 * i + 1])} ${i ? "l" : "m"}`,
  );
  return `q ${level} ${color} RG ${short(mark.width)} w ${mark.dashed ? "[3 3] 0 d " : ""}${pairs.join(" ")} S Q`;
}

/** Letters of Western Europe in Helvetica, all else in a Chinese font that every reader has. */
function pdfWord(text: string, x: number, y: number, size: number, color: number[], bold: boolean) {
  const latin = /^[\u0020-\u007e\u00a0-\u00ff]*$/.test(text);
  const shown = latin ? `(${text.replace(/[\\()]/g, "\\$&")})` : `<${utf16(text)}>`;
  const font = latin ? (bold ? "/B" : "/F") : "/S";
  return `BT ${font} ${short(size)} Tf ${color.map((v) => short(v / 255)).join(" ")} rg 1 0 0 -1 ${short(x)} ${short(y + 0.35 * size)} Tm ${shown} Tj ET`;
}
