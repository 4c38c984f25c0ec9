/** Words inside a PNG file, as its standard allows: text chunks after the header. Pure. */

/** CRC-32 of bytes, ISO 3309. */
export function crc32(bytes: Uint8Array) {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

/**
 * A chunk of international text, not compressed.
 * @param keyword Latin letters
 */
function textChunk(keyword: string, text: string) {
  const encode = new TextEncoder();
  const body = new Uint8Array([
    ...encode.encode(`iTXt${keyword}`),
    0,
    0,
    0,
    0,
    0,
    ...encode.encode(text),
  ]);
  const chunk = new Uint8Array(body.length + 8);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, body.length - 4);
  chunk.set(body, 4);
  view.setUint32(body.length + 4, crc32(body));
  return chunk;
}

const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];
/** The signature and the header chunk, which must come first. */
const HEAD = SIGNATURE.length + 25;

/**
 * A PNG file with words in it. Throws TypeError when the bytes are no PNG.
 * @param words keyword -> text
 */
export function withWords(png: Uint8Array, words: Record<string, string>) {
  if (png.length < HEAD || !SIGNATURE.every((byte, i) => png[i] === byte))
    throw new TypeError("not a PNG file");
  const chunks = Object.entries(words).map(([keyword, text]) => textChunk(keyword, text));
  return new Blob([png.slice(0, HEAD), ...chunks, png.slice(HEAD)], { type: "image/png" });
}
