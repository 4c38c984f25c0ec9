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
  const stops = [
    tag("stop", { offset: 0, "stop-color": middle }),
    tag("stop", { offset: ".52", "stop-color": half }),
    tag("stop", { offset: 1, "stop-color": edge }),
  ];
  const circle = { id: "g", cx: ".5", cy: ".46", r: ".78" };
  const word = { x: 16, y: height + 14, "font-size": 11, fill: escaped(ink) };
  const lines = [
    tag("title", {}, escaped(caption)),
    tag("defs", {}, tag("radialGradient", circle, stops.join(""))),
    tag("rect", { width, height: whole, fill: "url(#g)" }),
    marks.map((mark) => svgMark(mark, half)).join("\n"),
    tag("text", word, escaped(caption)),
  ];
  const root = {
    xmlns: "http://www.w3.org/2000/svg",
    width,
    height: whole,
    viewBox: `0 0 ${width} ${whole}`,
    "font-family": FONT,
  };
  return `<?xml version="1.0" encoding="UTF-8"?>\n${tag("svg", root, `\n${lines.join("\n")}\n`)}\n`;
}

/** An element as text: its attributes in their order, all but undefined ones, as they stand. */
function tag(name: string, attributes: Record<string, unknown>, inside?: string) {
  const pairs = Object.entries(attributes).filter(([, value]) => value !== undefined);
  const head = [name, ...pairs.map(([key, value]) => `${key}="${value}"`)].join(" ");
  return inside === undefined ? `<${head}/>` : `<${head}>${inside}</${name}>`;
}

function svgMark(mark: Mark, halo: string) {
  const color = rgb(mark.color);
  if (mark.kind === "dot") {
    const [cx, cy, r] = [mark.x, mark.y, mark.r].map(short);
    return tag("circle", { cx, cy, r, fill: color, "fill-opacity": short(mark.alpha) });
  }
  if (mark.kind === "line")
    return tag("polyline", {
      points: mark.points.map(short).join(" "),
      fill: "none",
      stroke: color,
      "stroke-opacity": short(mark.alpha),
      "stroke-width": short(mark.width),
      "stroke-linecap": "round",
      "stroke-dasharray": mark.dashed ? "3 3" : undefined,
    });
  const look = {
    x: short(mark.x),
    y: short(mark.y),
    "font-size": short(mark.size),
    "font-weight": mark.bold ? 600 : 500,
    fill: color,
    stroke: halo,
    "stroke-width": 3,
    "paint-order": "stroke",
    "dominant-baseline": "middle",
  };
  return tag("text", look, escaped(mark.text));
}

/** Opacities a PDF is drawn with. */
const LEVELS = 20;

/** The fonts, from the sixth object on: two for letters of Western Europe, one for all else. */
const FONTS = [
  "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
  "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>",
  "<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H" +
    " /DescendantFonts [9 0 R] >>",
  "<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /CIDSystemInfo" +
    " << /Registry (Adobe) /Ordering (GB1) /Supplement 4 >> /FontDescriptor 10 0 R >>",
  "<< /Type /FontDescriptor /FontName /STSong-Light /Flags 6 /FontBBox [-25 -254 1000 880]" +
    " /ItalicAngle 0 /Ascent 880 /Descent -120 /CapHeight 880 /StemV 93 >>",
];

const stream = (head: string, body: string) =>
  `<< ${head}/Length ${body.length} >>\nstream\n${body}\nendstream`;

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
  const quarters = [
    `1 ${k} ${k} 1 0 1 c`,
    `-${k} 1 -1 ${k} -1 0 c`,
    `-1 -${k} -${k} -1 0 -1 c`,
    `${k} -1 1 -${k} 1 0 c`,
  ];
  const disc = `1 0 m ${quarters.join(" ")} f`;
  const fonts = "/Font << /F 6 0 R /B 7 0 R /S 8 0 R >>";
  const uses = `/XObject << /C 5 0 R >> /ExtGState << ${states.join(" ")} >> ${fonts}`;
  const objects = [
    "<< /Type /Catalog /Pages 2 0 R >>",
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 ${width} ${tall}] /Contents 4 0 R` +
      ` /Resources << ${uses} >> >>`,
    stream("", body),
    stream("/Type /XObject /Subtype /Form /BBox [-1 -1 1 1] ", disc),
    ...FONTS,
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
  const size = objects.length + 1;
  const trailer = `<< /Size ${size} /Root 1 0 R /Info ${objects.length} 0 R >>`;
  text +=
    `xref\n0 ${size}\n0000000000 65535 f \n${table}` +
    `trailer\n${trailer}\nstartxref\n${text.length}\n%%EOF\n`;
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
  if (mark.kind === "dot") {
    const [r, x, y] = [mark.r, mark.x, mark.y].map(short);
    return `q ${level} ${color} rg ${r} 0 0 ${r} ${x} ${y} cm /C Do Q`;
  }
  const pairs = Array.from(
    { length: mark.points.length / 2 },
    (_, i) => `${short(mark.points[2 * i])} ${short(mark.points[2 * i + 1])} ${i ? "l" : "m"}`,
  );
  const pen = `${color} RG ${short(mark.width)} w ${mark.dashed ? "[3 3] 0 d " : ""}`;
  return `q ${level} ${pen}${pairs.join(" ")} S Q`;
}

/** Letters of Western Europe in Helvetica, all else in a Chinese font that every reader has. */
function pdfWord(text: string, x: number, y: number, size: number, color: number[], bold: boolean) {
  const latin = /^[\u0020-\u007e\u00a0-\u00ff]*$/.test(text);
  const shown = latin ? `(${text.replace(/[\\()]/g, "\\$&")})` : `<${utf16(text)}>`;
  const font = latin ? (bold ? "/B" : "/F") : "/S";
  const fill = color.map((v) => short(v / 255)).join(" ");
  const at = `1 0 0 -1 ${short(x)} ${short(y + 0.35 * size)} Tm`;
  return `BT ${font} ${short(size)} Tf ${fill} rg ${at} ${shown} Tj ET`;
}
