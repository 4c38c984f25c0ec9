/**
 * The 3-D view: with our own trace in Plotly's WebGL scene; failing that with Plotly's scatter3d;
 * without WebGL flat.
 */

import { LiveScene } from "./live.ts";
import { PlainScene } from "./plain.ts";
import { LivePlot, TracePlot, hasWebGL, runPlotly } from "./plotly.ts";
import type { Scene, SceneOptions } from "./picture.ts";

/**
 * A scene in the element: with our own trace in Plotly's WebGL scene; failing that with Plotly's
 * scatter3d; without WebGL as a flat scatter.
 */
export async function createScene(element: HTMLElement, options: SceneOptions): Promise<Scene> {
  if (getComputedStyle(element).position === "static") element.style.position = "relative";
  await runPlotly();
  if (!hasWebGL()) return PlainScene.open(element, options, new TracePlot(element, true));
  try {
    return await LiveScene.open(element, options, (director, setting) =>
      LivePlot.open(element, director, setting),
    );
  } catch (error) {
    console.warn(`The scene falls back to Plotly's own points: ${error}`);
    return PlainScene.open(element, options, new TracePlot(element, false));
  }
}
