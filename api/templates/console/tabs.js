// Tabs by the ARIA pattern: arrow keys move between them, and only the chosen one is a tab stop.

import { arrive, place } from "./address.js";

const tabs = [...document.querySelectorAll("[role=tab]")];
const onShow = new Map();
let shown = null;

export const whenShown = (name, act) => { onShow.set(name, act); };
export const isShown = (name) => shown === name && !document.hidden;

function show(tab) {
  const name = tab.dataset.tab;
  for (const each of tabs) {
    const chosen = each === tab;
    each.setAttribute("aria-selected", String(chosen));
    each.tabIndex = chosen ? 0 : -1;
    document.getElementById(each.getAttribute("aria-controls")).hidden = !chosen;
  }
  if (shown === name) return;
  shown = name;
  onShow.get(name)?.();
}

function showPlace() {
  const { tab } = place();
  show(tabs.find((each) => each.dataset.tab === tab) ?? tabs[0]);
  arrive();
}

function moved(event) {
  const at = tabs.indexOf(event.currentTarget);
  const steps = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 };
  if (!(event.key in steps)) return;
  event.preventDefault();
  const next = tabs[(steps[event.key] + tabs.length) % tabs.length];
  next.focus();
  next.click();
}

export function start() {
  for (const tab of tabs) {
    tab.addEventListener("keydown", moved);
    tab.addEventListener("click", () => {
      if (place().tab !== tab.dataset.tab) history.pushState(null, "", `#${tab.dataset.tab}`);
      show(tab);
    });
  }
  // Following it would replace what the address says is shown.
  document.getElementById("skip").addEventListener("click", (event) => {
    event.preventDefault();
    document.getElementById("main").focus();
  });
  addEventListener("popstate", showPlace);
  showPlace();
}
