// The tab of items: search, facts, neighbors by each similarity, and who gets an item.

import { go, link, onArrival } from "./address.js";
import { get } from "./api.js";
import { bar, el, facts, note, picture, table } from "./dom.js";
import { about, count, percent, plural, price, similarityName } from "./words.js";

const N_FOUND = 20;
const N_NEIGHBORS = 5;
const PAUSE_MS = 200;
const $ = (id) => document.getElementById(id);

let waiting = 0;
let asked = null;
let shown = "";

function itemLink(item) {
  return el("a", { class: "name", href: link("items", { item: item.item }) }, item.title);
}

function lines(items, told) {
  return el(
    "ol",
    { class: "lines" },
    items.map((item) => el("li", {}, picture(item), el("div", { class: "body" }, itemLink(item), el("p", { class: "soft" }, about(item))), el("span", { class: "figure" }, told(item)))),
  );
}

async function search() {
  const text = $("item-text").value.trim();
  asked?.abort();
  if (!text) return $("found-items").replaceChildren();
  asked = new AbortController();
  try {
    const { items } = await get("/items", { q: text, n: N_FOUND }, asked.signal);
    const result = items.length ? lines(items, () => "") : note("No title has these words.");
    $("found-items").replaceChildren(result);
  } catch (error) {
    if (error.name !== "AbortError") $("found-items").replaceChildren(note(error.message, "problem"));
  }
}

function neighborhoods(answer, described) {
  const sections = answer.neighbors.map(({ similarity, items }) => ({ name: similarityName(similarity), items, told: (item) => item.weight.toFixed(3) }));
  sections.push({ name: "Nearest descriptions, as /similar_items answers", items: described, told: (item) => item.similarity.toFixed(3) });
  return sections.map(({ name, items, told }) =>
    el("section", { class: "card padded" }, el("h4", {}, name), items.length ? lines(items, told) : note("No neighbors.")),
  );
}

function audience(answer) {
  if (!answer.n_lists) return note("No lists are computed yet.");
  const most = Math.max(...answer.places, 1);
  const rows = answer.places.map((n, at) => [`place ${at + 1}`, [bar(n / most), el("span", { class: "figure" }, count(n))]]);
  return [
    note(`In ${plural(answer.n_lists_with_item, "list")} of ${count(answer.n_lists)}, ${percent(answer.n_lists_with_item / answer.n_lists)}.`, ""),
    table(["Place", "Lists"], rows, "Lists that have the item, by place"),
    answer.users.length ? el("p", {}, "For example: ", answer.users.map((user, at) => [at ? ", " : "", el("a", { class: "name", href: link("users", { user }) }, user)])) : null,
  ].filter(Boolean);
}

function view(answer, described) {
  const rating = answer.mean_rating === null ? "none" : `${answer.mean_rating.toFixed(2)} of 5, ${plural(answer.n_ratings, "review")}`;
  return [
    el("h2", { class: "name", tabindex: "-1" }, picture(answer), answer.title),
    facts([
      ["Name", el("code", {}, answer.item)],
      ["Price", price(answer.price)],
      ["Brand", answer.brand ?? null],
      ["Category", answer.category ?? "none"],
      ["Ratings", rating],
      ["Of these in the newest", answer.recent.map(({ days, n }) => `${days} days: ${count(n)}`).join(", ")],
    ]),
    el("h3", {}, "Who gets it"),
    el("div", { class: "card padded" }, audience(answer)),
    el("h3", {}, "Neighbors"),
    el("div", { class: "grid" }, neighborhoods(answer, described)),
  ];
}

async function open(name) {
  shown = name;
  try {
    const [answer, similar] = await Promise.all([get("/console/item", { item: name }), get("/similar_items", { item: name, n: N_NEIGHBORS })]);
    if (shown === name) $("item-view").replaceChildren(...view(answer, similar.similar_items));
  } catch (error) {
    $("item-view").replaceChildren(note(error.message, "problem"));
  }
}

export function start() {
  $("find-item").addEventListener("submit", (event) => { event.preventDefault(); search(); });
  $("item-text").addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => { go("items", { q: $("item-text").value.trim(), item: shown }, { replace: true }); search(); }, PAUSE_MS);
  });
  onArrival("items", (values) => {
    const text = values.get("q");
    if (text !== null && text !== $("item-text").value) { $("item-text").value = text; search(); }
    const name = values.get("item");
    if (name && name !== shown) open(name);
  });
}
