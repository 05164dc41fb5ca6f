// A small line chart in SVG, with its newest value in words.

import { el, svg } from "./dom.js";

const WIDTH = 240;
const HEIGHT = 56;

export function chart(name, written) {
  const line = svg("polyline", { fill: "none", "stroke-width": 1.5, "stroke-linejoin": "round", points: "" });
  const ground = svg("line", { x1: 0, x2: WIDTH, y1: HEIGHT - 1, y2: HEIGHT - 1, class: "ground" });
  const picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": name }, ground, line);
  const value = el("span", { class: "value" }, "–");
  const node = el("figure", { class: "chart card padded" }, el("figcaption", {}, name, value), picture);

  // values: oldest first, null where nothing is known; `most` is how many fit.
  function draw(values, most) {
    const known = values.filter((each) => each !== null);
    const top = Math.max(...known, 1e-9) * 1.1;
    const x = (at) => WIDTH - ((values.length - 1 - at) / (most - 1)) * WIDTH;
    const points = values.map((each, at) => (each === null ? null : `${x(at).toFixed(1)},${(HEIGHT - 2 - (each / top) * (HEIGHT - 6)).toFixed(1)}`));
    line.setAttribute("points", points.filter(Boolean).join(" "));
    const newest = values.at(-1);
    value.textContent = newest === null || newest === undefined ? "–" : written(newest);
    const span = known.length > 1 ? `, between ${written(Math.min(...known))} and ${written(Math.max(...known))}` : "";
    picture.setAttribute("aria-label", `${name}: ${value.textContent}${span}`);
  }
  return { node, draw };
}
