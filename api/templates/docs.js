// Each form sends the request that its fields describe, and shows the response.
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
      // A second, empty value marks the first as a single name instead of a list.
      if (names.length === 1 && names[0].includes(",")) query.append(field.name, "");
    } else if (value !== "") {
      query.append(field.name, value);
    }
  }
  const text = query.toString();
  return [text ? `${path}?${text}` : path, options];
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
    const response = await fetch(target, options);
    const text = await response.text();
    const took = `${Math.round(performance.now() - start)} ms`;
    const heading = `${response.status} ${response.statusText}, ${text.length.toLocaleString("en")} characters, ${took}`;
    put(form, heading, shown(text, response.headers.get("Content-Type") || ""));
    form.dataset.status = response.status;
  } catch (error) {
    put(form, "No response", String(error));
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
