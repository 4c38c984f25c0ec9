/** The rooms of the page and which of them each may look into: downwards, and never in a circle. */

const ROOMS = {
  main: ["effects", "panels", "ui", "i18n", "state"],
  effects: ["panels", "charts", "ui", "i18n", "state", "scene", "protocol"],
  panels: ["charts", "ui", "i18n", "seed", "state", "protocol"],
  charts: ["i18n", "state", "protocol"],
  ui: ["i18n", "state"],
  i18n: ["state", "protocol"],
  state: ["scene", "protocol"],
  seed: [],
  scene: [],
  protocol: [],
};
const inside = (names) => `^frontend/src/(${names.join("|")})[/.]`;

export default {
  forbidden: [
    { name: "no circles", severity: "error", from: {}, to: { circular: true } },
    ...Object.entries(ROOMS).map(([room, below]) => ({
      name: `${room} looks into ${below.join(", ") || "no other room"}`,
      severity: "error",
      from: { path: inside([room]) },
      to: { path: "^frontend/src/", pathNot: inside([room, ...below]) },
    })),
    {
      name: "state takes only the scene's nouns",
      severity: "error",
      from: { path: inside(["state"]) },
      to: { path: inside(["scene"]), pathNot: "^frontend/src/scene/picture[.]ts$" },
    },
    {
      name: "only panels and ui are written with Preact",
      severity: "error",
      from: { path: "^frontend/src/", pathNot: inside(["panels", "ui", "main"]) },
      to: { path: "node_modules/preact" },
    },
    {
      name: "no module that nobody wants",
      severity: "error",
      from: { orphan: true, path: "^frontend/src/", pathNot: "main[.]ts$" },
      to: {},
    },
  ],
  options: { tsPreCompilationDeps: true, tsConfig: { fileName: "tsconfig.json" } },
};
