/** What Plotly is told of a plot: layout, settings, and the trace that gives it its scale. */

import type { Camera } from "./picture.ts";

export type Setting = { theme: "dark" | "light"; camera: Camera; axes: boolean; names?: string[] };

export function layoutOf({ theme, camera, axes, names = [] }: Setting) {
  const ink = theme === "light" ? "40,50,70" : "170,185,215";
  /**
   * Titles and ticks are drawn by Plotly as triangulated text, slowly, also where an axis is said
   * not to be visible: none while the axes are hidden.
   */
  const axis = (n: number) => ({
    type: "linear",
    range: [-1, 1],
    autorange: false,
    showgrid: axes,
    showline: axes,
    showspikes: false,
    showbackground: false,
    showticklabels: false,
    zeroline: false,
    ...(axes ? { tickmode: "auto" } : { tickmode: "array", tickvals: [] }),
    title: {
      text: axes ? names[n - 1] || String(n) : "",
      font: { size: 12, color: `rgba(${ink},.9)` },
    },
    gridcolor: `rgba(${ink},.16)`,
    linecolor: `rgba(${ink},.4)`,
    ticks: "",
  });
  const view = {
    camera: { ...camera, projection: { type: "perspective" } },
    bgcolor: "rgba(0,0,0,0)",
    uirevision: "still",
  };
  const scene = {
    xaxis: axis(1),
    yaxis: axis(2),
    zaxis: axis(3),
    aspectmode: "cube",
    dragmode: "orbit",
    hovermode: false,
    ...view,
  };
  const clear = {
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    margin: { l: 0, r: 0, t: 0, b: 0 },
  };
  return {
    ...clear,
    autosize: true,
    showlegend: false,
    hovermode: false,
    uirevision: "still",
    scene,
  };
}

/** @param wide width / height */
export function flatLayoutOf(setting: Setting, wide: number) {
  const { scene: _, ...base } = layoutOf(setting);
  const axis = { visible: setting.axes, zeroline: false, showticklabels: false, fixedrange: true };
  return {
    ...base,
    hovermode: "closest",
    dragmode: false,
    xaxis: { ...axis, range: [-wide, wide] },
    yaxis: { ...axis, range: [-1, 1] },
  };
}

export function configOf() {
  const plotGlPixelRatio = Math.min(window.devicePixelRatio || 1, 2);
  return {
    displayModeBar: false,
    displaylogo: false,
    showSendToCloud: false,
    scrollZoom: true,
    responsive: false,
    doubleClick: false,
    showTips: false,
    plotGlPixelRatio,
  };
}

/** The corners of the frame: they give Plotly its scale. */
export const anchorsOf = (type: string, visible = true) => ({
  type,
  visible,
  mode: "lines",
  x: [-1, 1],
  y: [-1, 1],
  z: [-1, 1],
  hoverinfo: "skip",
  showlegend: false,
  line: { width: 0.01 },
  opacity: 0,
});
