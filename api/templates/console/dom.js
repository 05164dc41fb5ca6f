// Builds elements. Text always goes in as text: nothing here or elsewhere parses markup.

const SVG = "http://www.w3.org/2000/svg";

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name, value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return node;
}

// el("button", { class: "quiet", click: act }, "Draw a user")
export function el(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

// A bar whose length is a share from 0 to 1 of its cell.
export function bar(share, kind = "") {
  const inner = el("span", { class: `fill ${kind}` });
  inner.style.width = `${Math.min(100, Math.max(0, share * 100))}%`;
  return el("span", { class: "bar", "aria-hidden": "true" }, inner);
}

export function field(label, control, hint = null) {
  return el("div", { class: "field" }, el("label", { for: control.id }, label), control, hint);
}

// Name and text of rows that belong together, such as facts.
export function facts(pairs) {
  return el(
    "dl",
    { class: "facts" },
    pairs.filter(([, value]) => value !== null).map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))),
  );
}

export function table(heads, rows, caption) {
  return el(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    el(
      "table",
      {},
      el("caption", { class: "unseen" }, caption),
      el("thead", {}, el("tr", {}, heads.map((head) => el("th", { scope: "col" }, head)))),
      el("tbody", {}, rows.map((cells) => el("tr", {}, cells.map((cell) => el("td", {}, cell))))),
    ),
  );
}

export const note = (text, kind = "soft") => el("p", { class: kind }, text);

export const picturesAllowed = () => document.documentElement.dataset.pictures === "true";

export function picture(item) {
  if (!picturesAllowed() || !/^https?:\/\//.test(item.image ?? "")) return null;
  return el("img", { class: "picture", src: item.image, alt: "", loading: "lazy", width: 40, height: 40 });
}
