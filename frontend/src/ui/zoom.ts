/** How much larger than at 720 lines the panels are drawn; the scene's pixels are the window's. */

/** Pixels of the window in one of a panel's. */
export function zoomOf() {
  return document.getElementById("top")?.currentCSSZoom ?? 1;
}
