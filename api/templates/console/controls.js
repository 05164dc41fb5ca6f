// The controls of a list: its length, its filters, its variety. They read and write one object.

import { el, field } from "./dom.js";

const FIELDS = [
  { name: "n", label: "How many", type: "number", min: 1, max: 100, step: 1, placeholder: "5" },
  { name: "category", label: "Category", type: "text", list: "categories", placeholder: "any" },
  { name: "brand", label: "Brand", type: "text", placeholder: "any" },
  { name: "price_min", label: "Price from", type: "number", min: 0, step: "any", placeholder: "any" },
  { name: "price_max", label: "Price to", type: "number", min: 0, step: "any", placeholder: "any" },
  { name: "diversity", label: "Diversity", type: "number", min: 0, max: 1, step: 0.05, placeholder: "0" },
  { name: "max_per_category", label: "Most of a category", type: "number", min: 1, max: 100, step: 1, placeholder: "any" },
  { name: "scenario", label: "Scenario", type: "text", placeholder: "none" },
];

const PAUSE_MS = 350;

// Calls `changed` with the values that are set, a moment after the last change.
export function listControls(changed) {
  let waiting = 0;
  const inputs = FIELDS.map(({ name, label, ...attributes }) => el("input", { id: `list-${name}`, name, autocomplete: "off", spellcheck: "false", ...attributes }));
  const seen = el("input", { id: "list-seen", type: "checkbox" });
  const soon = () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => changed(), PAUSE_MS);
  };
  inputs.forEach((input) => input.addEventListener("input", soon));
  seen.addEventListener("change", () => changed());
  const clear = el("button", { type: "button", class: "quiet", click: () => { write(new URLSearchParams()); changed(); } }, "Clear");

  function read() {
    const values = Object.fromEntries(inputs.filter((input) => input.value.trim()).map((input) => [input.name, input.value.trim()]));
    return seen.checked ? { ...values, exclude_seen: "false" } : values;
  }

  function write(values) {
    inputs.forEach((input) => { input.value = values.get(input.name) ?? ""; });
    seen.checked = values.get("exclude_seen") === "false";
  }

  const node = el(
    "details",
    { class: "controls" },
    el("summary", {}, "Change the list"),
    el(
      "div",
      { class: "fields" },
      FIELDS.map(({ label }, at) => field(label, inputs[at])),
      el("div", { class: "check" }, seen, el("label", { for: "list-seen" }, "Reviewed items too")),
      clear,
    ),
  );
  return { node, read, write };
}
