// Each form sends the request that its fields say, and shows what comes back.
"use strict";

const LONGEST_SHOWN = 100000;

function requestOf(form) {
  let path = form.dataset.path;
  const query = new URLSearchParams();
  const options = { method: form.dataset.method, headers: {} };
  for (const field of form.elements) {
    const { kind } = field.dataset;
    if (!kind) continue;
    const value = field.value;
    if (kind === "path") {
      path = path.replace(`{${field.name}}`, encodeURIComponent(value));
    } else if (kind === "token") {
      if (value) options.headers.Authorization = `Bearer ${value}`;
    } else if (kind === "body") {
      options.headers["Content-Type"] = "application/json";
      options.body = value;
    } else if (kind === "names") {
      const names = value.split("\n").filter((name) => name.trim());
      names.forEach((name) => query.append(field.name, name));
      // A second, empty one tells a name with a comma from a list of names.
      if (names.length === 1 && names[0].includes(",")) query.append(field.name, "");
    } else if (value !== "") {
      query.append(field.name, value);
    }
  }
  const asked = query.toString();
  return [asked ? `${path}?${asked}` : path, options];
}

function shown(text, type) {
  if (!/[/+]json/.test(type)) return text.slice(0, LONGEST_SHOWN);
  return JSON.stringify(JSON.parse(text), null, 1).slice(0, LONGEST_SHOWN);
}

function put(form, heading, text) {
  const [line, pre] = [document.createElement("p"), document.createElement("pre")];
  line.textContent = heading;
  pre.textContent = text;
  form.querySelector(".answer").replaceChildren(line, pre);
}

async function send(form) {
  const [target, options] = requestOf(form);
  form.querySelector(".request").textContent = `${options.method} ${target}`;
  const start = performance.now();
  try {
    const answer = await fetch(target, options);
    const text = await answer.text();
    const took = `${Math.round(performance.now() - start)} ms`;
    const heading = `${answer.status} ${answer.statusText}, ${text.length.toLocaleString("en")} characters, ${took}`;
    put(form, heading, shown(text, answer.headers.get("Content-Type") || ""));
    form.dataset.status = answer.status;
  } catch (error) {
    put(form, "No answer came", String(error));
  }
}

for (const form of document.forms) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form);
  });
}

// A link to one endpoint opens it.
const opened = document.getElementById(location.hash.slice(1));
if (opened instanceof HTMLDetailsElement) opened.open = true;
