// What is shown stands in the address after "#", so that it can be linked to and gone back to.
// Browsers don't send that part to the service.

const listeners = new Map();

export function place() {
  const [tab, query = ""] = location.hash.slice(1).split("?");
  return { tab, values: new URLSearchParams(query) };
}

export function link(tab, values) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    for (const each of [value].flat()) {
      if (each !== null && each !== undefined && each !== "" && each !== false) query.append(name, each);
    }
  }
  return `#${tab}?${query}`;
}

export function go(tab, values, { replace = false } = {}) {
  const target = link(tab, values);
  if (target === location.hash) return;
  history[replace ? "replaceState" : "pushState"](null, "", target);
}

export const onArrival = (tab, act) => { listeners.set(tab, act); };

export function arrive() {
  const { tab, values } = place();
  listeners.get(tab)?.(values);
}
