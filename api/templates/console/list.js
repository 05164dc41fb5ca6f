// A ranked list whose items move to their new places, each with its reason and what has changed.

import { link } from "./address.js";
import { el, picture, table } from "./dom.js";
import { about, briefly, signed, stars } from "./words.js";

const N_SEGMENTS = 5;
const MOVE_MS = 350;
const still = matchMedia("(prefers-reduced-motion: reduce)");

const wordsFor = (part) => part.title || part.name || part.kind;

// Shares of both signs as one bar: each part as long as its share of all magnitudes.
function reasonBar(parts) {
  const shown = parts.slice(0, N_SEGMENTS);
  const rest = parts.slice(N_SEGMENTS).reduce((sum, part) => sum + part.share, 0);
  const segments = rest ? [...shown, { kind: "rest", title: "everything else", share: rest }] : shown;
  const total = segments.reduce((sum, part) => sum + Math.abs(part.share), 0) || 1;
  const label = segments.map((part) => `${briefly(wordsFor(part))} ${signed(part.share)}`).join(", ");
  return el(
    "div",
    { class: "reason-bar", role: "img", "aria-label": `Shares: ${label}` },
    segments.map((part) => {
      const segment = el("span", { class: `${part.kind} ${part.share < 0 ? "against" : "for"}`, title: `${wordsFor(part)} ${signed(part.share)}` });
      segment.style.flexGrow = String(Math.abs(part.share) / total);
      return segment;
    }),
  );
}

// A part that speaks for an item although the user disliked what it comes from should be seen.
function told(part, ratings) {
  const rating = part.kind === "history" ? ratings.get(part.name) : undefined;
  return [part.reason_text || wordsFor(part), rating ? [" ", el("span", { class: "stars", role: "img", "aria-label": `Given ${rating} of 5 stars` }, stars(rating))] : null];
}

function partsTable(explanation, ratings) {
  const rows = explanation.parts.map((part) => [told(part, ratings), part.kind, part.similarity ?? "", signed(part.share, 3)]);
  const sum = explanation.parts.reduce((total, part) => total + part.share, 0);
  return [
    table(["Part", "Kind", "Similarity", "Share"], rows, `Parts of the score of ${explanation.title ?? "this item"}`),
    el(
      "p",
      { class: "soft" },
      `${explanation.score_logit.toFixed(3)} is the score; ${explanation.reference_logit.toFixed(3)} is the reference, and the parts make up the difference of ${signed(sum, 3)}. ${explanation.method ?? ""}`,
    ),
  ];
}

function reason(item, ratings) {
  const explanation = item.explanation;
  if (!explanation) return null;
  const parts = explanation.parts ?? [];
  return el(
    "div",
    { class: "reason" },
    parts.length ? reasonBar(parts) : null,
    el("p", { class: "sentence" }, explanation.reason_text ?? ""),
    parts.length ? el("details", {}, el("summary", {}, "All parts, in numbers"), partsTable(explanation, ratings)) : null,
  );
}

function mark(item, place, before) {
  if (!before) return null;
  const was = before.get(item.item);
  if (was === undefined) return el("span", { class: "mark new" }, "new");
  if (was === place) return el("span", { class: "mark same" }, "same place");
  const up = was > place;
  return el("span", { class: `mark ${up ? "up" : "down"}` }, `${up ? "↑" : "↓"} was ${was}`);
}

function entry(item, place, before, ratings) {
  return el(
    "li",
    { "data-item": item.item },
    el("span", { class: "place" }, String(place)),
    picture(item),
    el(
      "div",
      { class: "body" },
      el("p", { class: "title" }, el("a", { class: "name", href: link("items", { item: item.item }) }, item.title), " ", mark(item, place, before)),
      el("p", { class: "soft" }, about(item), item.rule ? el("span", { class: "mark rule" }, `rule ${item.rule}`) : null),
      reason(item, ratings),
    ),
  );
}

function gone(items, before, titles) {
  if (!before) return null;
  const there = new Set(items.map((item) => item.item));
  const missing = [...before].filter(([name]) => !there.has(name));
  if (!missing.length) return null;
  return el(
    "p",
    { class: "gone" },
    el("b", {}, "No longer in the list: "),
    missing.map(([name, place], at) => [at ? "; " : "", el("s", { class: "name" }, titles.get(name) ?? name), ` (was ${place})`]),
  );
}

function move(list, from) {
  if (still.matches) return;
  for (const node of list.children) {
    const old = from.get(node.dataset.item);
    const options = { duration: MOVE_MS, easing: "ease-out" };
    if (old === undefined) {
      if (from.size) node.animate([{ opacity: 0 }, { opacity: 1 }], options);
      continue;
    }
    const offset = old - node.offsetTop;
    if (offset) node.animate([{ transform: `translateY(${offset}px)` }, { transform: "none" }], options);
  }
}

// Shows `items`; `earlier` is the list to compare with, or null; `ratings` are the user's stars by item.
export function showList(holder, items, earlier, ratings) {
  const old = holder.querySelector("ol.ranked");
  const from = new Map([...(old?.children ?? [])].map((node) => [node.dataset.item, node.offsetTop]));
  const before = earlier && new Map(earlier.map((item, at) => [item.item, at + 1]));
  const titles = new Map((earlier ?? []).map((item) => [item.item, item.title]));
  const list = el("ol", { class: "ranked" }, items.map((item, at) => entry(item, at + 1, before, ratings)));
  holder.replaceChildren(...[list, gone(items, before, titles)].filter(Boolean));
  move(list, from);
}
