// The tab of users: what one reviewed beside what they get, and why.

import { go, link, onArrival } from "./address.js";
import { get } from "./api.js";
import { listControls } from "./controls.js";
import { el, note, picture } from "./dom.js";
import { showList } from "./list.js";
import { about, count, day, plural, stars } from "./words.js";

const N_REVIEWS = 50;
const $ = (id) => document.getElementById(id);

let user = "";
let reviewed = [];
let without = new Set();
let asked = null;
let history = null;

const controls = listControls(() => refresh({ replace: true }));

const previousWanted = () => $("compare").checked;

function remember(replace) {
  go("users", { user, ...controls.read(), without: [...without], previous: previousWanted() }, { replace });
}

function withoutButton(review) {
  const out = without.has(review.item);
  return el(
    "button",
    {
      type: "button",
      class: "quiet what-if",
      "aria-pressed": String(out),
      "aria-label": `What if not: ${review.title}`,
      click: () => {
        if (!without.delete(review.item)) without.add(review.item);
        showHistory();
        refresh({ replace: true });
      },
    },
    out ? "Left out" : "What if not?",
  );
}

function showHistory() {
  const focused = document.activeElement?.closest?.("li[data-item]")?.dataset.item;
  const entries = reviewed.map((review) =>
    el(
      "li",
      { "data-item": review.item, class: without.has(review.item) ? "out" : null },
      picture(review),
      el(
        "div",
        { class: "body" },
        el("p", { class: "title" }, el("a", { class: "name", href: link("items", { item: review.item }) }, review.title)),
        el(
          "p",
          { class: "soft" },
          el("span", { role: "img", "aria-label": review.rating === null ? "not rated" : `${review.rating} of 5 stars`, class: "stars" }, stars(review.rating)),
          ` ${day(review.time)} · ${about(review)}`,
        ),
      ),
      withoutButton(review),
    ),
  );
  $("history").replaceChildren(...entries);
  if (focused) $("history").querySelector(`li[data-item="${CSS.escape(focused)}"] button`)?.focus();
}

async function loadHistory() {
  try {
    const found = await get(`/users/${encodeURIComponent(user)}`, { n: N_REVIEWS });
    reviewed = found.reviews;
    const shown = found.n_reviews > reviewed.length ? `, the newest ${reviewed.length} shown` : "";
    $("history-count").textContent = `${plural(found.n_reviews, "review")}${shown}`;
  } catch (error) {
    reviewed = [];
    $("history-count").textContent = error.status === 404 ? "Not a known user: gets what is popular." : error.message;
  }
  showHistory();
}

const listOf = async (values, signal) => Object.values(await get("/recommendations", { users: [user], detail: "true", ...values }, signal))[0];

// The list to mark differences against, and what it is called.
async function earlierList(values, signal) {
  if (previousWanted()) {
    try {
      const found = await get("/console/previous", { user, ...values }, signal);
      return { items: found.items, name: `the generation before, ${found.generation}` };
    } catch (error) {
      if (error.name === "AbortError") throw error;
      return { items: null, problem: error.message };
    }
  }
  if (!without.size) return { items: null };
  const found = await listOf(controls.read(), signal);
  return { items: found.items, name: "the list with the whole history" };
}

function comparison(earlier) {
  if (earlier.problem) return earlier.problem;
  const out = without.size ? ` ${plural(without.size, "item")} of the history left out.` : "";
  return earlier.name ? `Compared with ${earlier.name}.${out}` : "";
}

async function refresh({ replace = false } = {}) {
  if (!user) return;
  remember(replace);
  asked?.abort();
  asked = new AbortController();
  const { signal } = asked;
  const values = { ...controls.read(), ...(without.size ? { without: [...without] } : {}) };
  try {
    const [found, earlier] = await Promise.all([listOf({ ...values, explain: "true" }, signal), earlierList(values, signal)]);
    $("list-note").textContent = [comparison(earlier), found.reason ?? ""].filter(Boolean).join(" ");
    $("list-count").textContent = `${found.items.length} of ${count(found.n_candidates)} candidates`;
    await history;
    showList($("list"), found.items, earlier.items, new Map(reviewed.map((review) => [review.item, review.rating])));
  } catch (error) {
    if (error.name === "AbortError") return;
    $("list-count").textContent = "";
    $("list-note").textContent = "";
    $("list").replaceChildren(note(error.message, "problem"));
  }
}

async function open(name, values = new URLSearchParams(), options = {}) {
  user = name;
  without = new Set(values.getAll("without"));
  controls.write(values);
  $("compare").checked = values.get("previous") === "true";
  $("user").value = name;
  $("user-name").textContent = name;
  $("user-view").hidden = false;
  history = loadHistory();
  await refresh(options);
}

async function draw(options = {}) {
  try {
    const [name] = await get("/random_users", { n: 1 });
    await open(name, new URLSearchParams(), options);
  } catch (error) {
    $("user-message").textContent = error.message;
  }
}

async function find(event) {
  event.preventDefault();
  const name = $("user").value.trim();
  if (!name) return;
  $("user-message").textContent = "";
  const known = await get("/check_users", { users: [name] }).catch(() => ({}));
  if (known[name] === false) $("user-message").textContent = `There is no known user of this name; somebody new gets this.`;
  await open(name);
}

export function start() {
  $("list-controls").append(controls.node);
  $("find-user").addEventListener("submit", find);
  $("draw-user").addEventListener("click", () => { $("user-message").textContent = ""; draw(); });
  $("compare").addEventListener("change", () => refresh({ replace: true }));
  onArrival("users", (values) => {
    if (values.get("user")) open(values.get("user"), values, { replace: true });
    else if (!user) draw({ replace: true });
  });
  onArrival("", () => draw({ replace: true }));
}
