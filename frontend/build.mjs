/**
 * Makes the page out of its sources: node frontend/build.mjs OUT [--dev] [--watch]
 * Or single modules with all that they import: node frontend/build.mjs OUT FILE …
 */

import { createHash } from "node:crypto";
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync } from "node:zlib";
import * as esbuild from "esbuild";

const HERE = dirname(fileURLToPath(import.meta.url));
const FLAGS = process.argv.slice(2).filter((word) => word.startsWith("--"));
const [out = join(HERE, "dist"), ...modules] = process.argv
  .slice(2)
  .filter((word) => !word.startsWith("--"));
const PAGE = [
  { in: join(HERE, "src/main.ts"), out: "main" },
  { in: join(HERE, "src/styles/index.css"), out: "style" },
  { in: join(HERE, "index.html"), out: "index" },
  { in: join(HERE, "icon.svg"), out: "icon" },
];

/** Beside the bundle: Plotly's 3-D part, which is read while the page waits for nothing else. */
const COPIED = [
  ["preact/LICENSE", "preact.LICENSE"],
  ["plotly.js-gl3d-dist-min/LICENSE", "plotly-gl3d.LICENSE"],
  ["plotly.js-gl3d-dist-min/plotly-gl3d.min.js", "plotly-gl3d.min.js"],
];

/** @type {esbuild.BuildOptions} */
const options = {
  entryPoints: modules.length ? modules : PAGE,
  outdir: out,
  entryNames: "[name]",
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  sourcemap: FLAGS.includes("--dev"),
  loader: { ".html": "copy", ".svg": "copy" },
  logLevel: "warning",
};

mkdirSync(out, { recursive: true });
if (!modules.length)
  for (const [file, name] of COPIED)
    copyFileSync(join(HERE, "../node_modules", file), join(out, name));
if (FLAGS.includes("--watch"))
  await (await esbuild.context({ ...options, logLevel: "info" })).watch();
else await esbuild.build(options);
if (!modules.length && !FLAGS.includes("--watch")) pack(out);

/**
 * Packs scripts and styles once, each beside itself under the digest of its bytes; what was packed
 * of other bytes goes.
 *
 * @param {string} folder
 */
function pack(folder) {
  const names = readdirSync(folder);
  const left = new Set(names.filter((each) => each.endsWith(".br")));
  for (const name of names.filter((each) => /\.(js|css)$/.test(each))) {
    const data = readFileSync(join(folder, name));
    const digest = createHash("sha256").update(data).digest("hex").slice(0, 16);
    const packed = `${name}.${digest}.br`;
    if (!left.delete(packed)) writeFileSync(join(folder, packed), brotliCompressSync(data));
  }
  for (const name of left) unlinkSync(join(folder, name));
}
