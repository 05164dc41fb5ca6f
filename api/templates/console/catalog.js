// The tab of the catalog: what the lists show, beside what is bought.

import { link } from "./address.js";
import { get } from "./api.js";
import { bar, el, facts, note, picture, table } from "./dom.js";
import { whenShown } from "./tabs.js";
import { about, count, percent, plural, price } from "./words.js";

const $ = (id) => document.getElementById(id);

const itemLink = (item) => el("a", { class: "name", href: link("items", { item: item.item }) }, item.title);

function categoryName(row) {
  if (row.category !== null) return row.category;
  return row.n_categories ? `${count(row.n_categories)} other categories` : "no category";
}

function bandName(row) {
  if (row.low === null) return "no price";
  return row.high === null ? `${price(row.low)} and more` : `${price(row.low)} to ${price(row.high)}`;
}

function shares(rows, named, caption) {
  // The rest, which is many categories in one, would leave the others without a visible bar.
  const single = rows.filter((row) => !row.n_categories);
  const most = Math.max(...single.flatMap((row) => [row.shown, row.bought, row.items]), 0.0001);
  const cell = (row, kind) => [bar(row[kind] / most, kind), el("span", { class: "figure" }, percent(row[kind]))];
  return table(
    [caption, "Shown", "Bought", "Catalog"],
    rows.map((row) => [named(row), cell(row, "shown"), cell(row, "bought"), cell(row, "items")]),
    caption,
  );
}

function ranked(items, told) {
  return el(
    "ol",
    { class: "lines card" },
    items.map((item, at) =>
      el(
        "li",
        {},
        el("span", { class: "place" }, String(at + 1)),
        picture(item),
        el("div", { class: "body" }, el("p", {}, itemLink(item)), el("p", { class: "soft" }, about(item))),
        el("span", { class: "figure" }, told(item).map((line) => el("span", { class: "line" }, line))),
      ),
    ),
  );
}

const mostShown = (answer) => ranked(answer.most_shown, (item) => [`${percent(item.n_lists / answer.n_lists)} of lists`, plural(item.n_ratings, "review")]);
const coldStart = (answer, rules) => ranked(answer.cold_start, (item) => rules.get(item.item) ?? []);

// The counts behind the cold-start list, from the reasons that an unknown user's list has.
async function coldStartCounts(n) {
  const nobody = `nobody ${crypto.getRandomValues(new Uint32Array(2)).join("")}`;
  try {
    const found = await get("/recommendations", { users: [nobody], n, detail: "true", explain: "true" });
    return new Map(found[nobody].items.map((item) => [item.item, item.explanation?.rule]).filter(([, rule]) => rule).map(([name, rule]) => [name, [`${count(rule.n_five_star)} five-star`, rule.window_days ? `in ${count(rule.window_days)} days` : ""]]));
  } catch {
    return new Map();
  }
}

function view(answer, rules) {
  const none = answer.n_lists === 0;
  return [
    facts([
      ["Items", count(answer.n_items)],
      ["Shown", `${count(answer.n_items_shown)}, ${percent(answer.coverage)}`],
      ["Gini", answer.gini === null ? "–" : answer.gini.toFixed(3)],
      ["Lists", `${count(answer.n_lists)} of ${count(answer.n_users)}`],
    ]),
    note("Counted over the five items of every user whose list is computed, before rules. Gini is 0 if all items are shown equally often and near 1 if a few are all there is."),
    el("h3", {}, "By category"),
    el("div", { class: "card" }, answer.categories.length ? shares(answer.categories, categoryName, "Category") : note("The data has no categories.", "soft padded")),
    el("h3", {}, "By price"),
    el("div", { class: "card" }, shares(answer.price_bands, bandName, "Price")),
    el(
      "div",
      { class: "halves" },
      el("section", {}, el("h3", {}, "Most shown items"), none ? note("No lists are computed yet.") : mostShown(answer)),
      el("section", {}, el("h3", {}, "For somebody new"), coldStart(answer, rules)),
    ),
  ];
}

async function load() {
  try {
    const answer = await get("/console/catalog");
    const rules = await coldStartCounts(answer.cold_start.length);
    $("catalog-view").replaceChildren(...view(answer, rules));
  } catch (error) {
    $("catalog-view").replaceChildren(note(error.message, "problem"));
  }
}

// Suggestions for every field that takes a category.
export async function suggestCategories() {
  const answer = await get("/console/catalog").catch(() => ({ categories: [] }));
  const named = answer.categories.filter((row) => row.category !== null);
  $("categories").replaceChildren(...named.map((row) => el("option", { value: row.category })));
}

export function start() {
  whenShown("catalog", load);
}
