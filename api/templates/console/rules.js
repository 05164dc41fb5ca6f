// The editor of rules: one form adds a rule, the text is the whole document.

import { get, hasToken, operate } from "./api.js";
import { link } from "./address.js";
import { el, field, note, table } from "./dom.js";
import { briefly, count } from "./words.js";

const $ = (id) => document.getElementById(id);
const CONDITIONS = ["item", "category", "brand", "price_min", "price_max"];
const NUMBERS = new Set(["price_min", "price_max", "place", "by"]);
const TIMES = new Set(["from", "until"]);
const EXTRAS = { hide: [], pin: ["place"], boost: ["by"], bury: ["by"] };
const LABELS = { item: "Item", category: "Category", brand: "Brand", price_min: "Price from", price_max: "Price to", place: "Place", by: "By (logit)", from: "From", until: "Until", scenario: "Scenario", note: "Note", id: "Name of the rule" };

let version = null;

const message = (text, kind = "soft") => $("rules-message").replaceChildren(note(text, kind));

function edited() {
  const document = JSON.parse($("rules-text").value);
  return Array.isArray(document) ? document : document.rules;
}

function write(rules) {
  $("rules-text").value = JSON.stringify({ rules }, null, 1);
}

function described(rule, state) {
  const what = CONDITIONS.concat("items").filter((name) => rule[name] !== undefined && rule[name] !== null).map((name) => `${LABELS[name] ?? name} ${[rule[name]].flat().join(", ")}`);
  const extra = [rule.place ? `at place ${rule.place}` : "", rule.by ? `by ${rule.by}` : "", rule.scenario ? `in ${rule.scenario}` : "", rule.until ? `until ${rule.until}` : ""];
  return [rule.id ?? "", rule.action, [...what, ...extra].filter(Boolean).join(", "), state];
}

function showDocument(found) {
  version = found.version;
  $("rules-editor").hidden = false;
  write(found.rules);
  const active = new Set(found.active ?? []);
  const problems = new Map((found.problems ?? []).map(({ id, problem }) => [id, problem]));
  const state = (rule) => problems.get(rule.id) ?? (active.has(rule.id) ? "active" : "not active now");
  const rows = found.rules.map((rule) => described(rule, state(rule)));
  $("rules-now").replaceChildren(
    note(`Version ${found.version}${found.updated_at ? `, of ${found.updated_at}` : ""}.`),
    rows.length ? table(["Rule", "What", "Which items", "State"], rows, "The rules in force") : note("There are no rules."),
  );
}

export async function load() {
  try {
    showDocument(hasToken() ? await operate("GET", "/rules") : await get("/rules"));
    message("");
  } catch (error) {
    if ([401, 403].includes(error.status)) $("rules-now").replaceChildren(note("Rules are for operators."), el("button", { type: "button", click: reload }, "Show the rules"));
    else $("rules-now").replaceChildren(note(error.message, "problem"));
  }
}

async function reload() {
  await act(async () => { showDocument(await operate("GET", "/rules")); message(""); });
}

// Runs an action, and tells what went wrong in words.
async function act(action) {
  try {
    await action();
  } catch (error) {
    message(error instanceof SyntaxError ? `The text is not JSON: ${error.message}` : error.message, "problem");
  }
}

// Titles of items by their names; an item that is gone keeps its name.
async function titlesOf(names) {
  const found = await Promise.all([...new Set(names)].map(async (name) => [name, (await get(`/items/${encodeURIComponent(name)}`).catch(() => ({ title: name }))).title]));
  return new Map(found);
}

// What leaves a list and what comes into it, each with its place.
function difference({ user, before, after }, titles) {
  const line = (sign, names, others) => names.flatMap((name, at) => (others.includes(name) ? [] : [el("p", { class: "name" }, `${sign} ${briefly(titles.get(name))} (place ${at + 1})`)]));
  const lines = [...line("−", before, after), ...line("+", after, before)];
  return el(
    "li",
    {},
    el("div", { class: "body" }, el("p", {}, el("a", { class: "name", href: link("users", { user }) }, user)), lines.length ? lines : el("p", { class: "soft" }, "The same items in another order.")),
  );
}

async function preview() {
  const found = await operate("POST", "/rules/preview", { rules: edited() });
  const titles = await titlesOf(found.examples.flatMap(({ before, after }) => [...before, ...after]));
  message(`${count(found.n_lists_changed)} of ${count(found.n_users_sampled)} sampled lists would change.`, "");
  if (found.examples.length) $("rules-message").append(el("ol", { class: "lines card" }, found.examples.map((example) => difference(example, titles))));
}

async function save() {
  showDocument(await operate("PUT", "/rules", { rules: edited(), version }));
  message("Saved; in force everywhere within seconds.", "");
}

async function rollback() {
  showDocument(await operate("POST", "/rules/rollback"));
  message("The rules before are in force again.", "");
}

function valueOf(name, text) {
  if (NUMBERS.has(name)) return Number(text);
  return TIMES.has(name) ? new Date(text).toISOString() : text;
}

function addRule(event) {
  event.preventDefault();
  act(async () => {
    const form = event.target;
    const rules = edited();
    const rule = { id: "", action: $("rule-action").value };
    for (const input of form.querySelectorAll("input")) {
      if (input.value.trim() && !input.closest(".field").hidden) rule[input.dataset.member] = valueOf(input.dataset.member, input.value.trim());
    }
    const taken = new Set(rules.map(({ id }) => id));
    for (let n = rules.length + 1; !rule.id || taken.has(rule.id); n += 1) rule.id = `rule-${n}`;
    write([...rules, rule]);
    message("Added to the text below; preview it, then save.");
  });
}

function ruleForm() {
  const action = el("select", { id: "rule-action" }, Object.keys(EXTRAS).map((name) => el("option", { value: name }, name)));
  const input = (name) => {
    const type = NUMBERS.has(name) ? "number" : TIMES.has(name) ? "datetime-local" : "text";
    return el("input", { id: `rule-${name}`, "data-member": name, type, step: NUMBERS.has(name) ? "any" : null, list: name === "category" ? "categories" : null, autocomplete: "off", spellcheck: "false" });
  };
  const fields = ["id", ...CONDITIONS, "place", "by", "from", "until", "scenario", "note"].map((name) => [name, field(LABELS[name], input(name))]);
  const adapt = () => fields.forEach(([name, node]) => { if (["place", "by"].includes(name)) node.hidden = !EXTRAS[action.value].includes(name); });
  action.addEventListener("change", adapt);
  adapt();
  return el("form", { class: "fields", submit: addRule }, field("Action", action), fields.map(([, node]) => node), el("button", { class: "quiet" }, "Add to the text"));
}

export function start() {
  $("rule-form").append(ruleForm());
  for (const [id, action] of [["rules-preview", preview], ["rules-save", save], ["rules-rollback", rollback]]) {
    $(id).addEventListener("click", () => act(action));
  }
}
