// The tab of operations: what is in service, traffic, rules, and changes by operators.

import { forgetToken, hasToken, onTokenNeeded, operate } from "./api.js";
import { note } from "./dom.js";
import { showJobs } from "./jobs.js";
import * as metrics from "./metrics.js";
import { showCard, showService } from "./model.js";
import * as rules from "./rules.js";
import { isShown, whenShown } from "./tabs.js";

const $ = (id) => document.getElementById(id);
const JOBS_MS = 2000;

const say = (text, kind = "") => $("operations-message").replaceChildren(note(text, kind));

// Asks for the token in a dialog; the promise has "" if nobody gives one.
function askForToken(problem) {
  const dialog = $("token-dialog");
  $("token-problem").textContent = problem;
  $("token").value = "";
  dialog.showModal();
  return new Promise((resolve) => {
    const end = (value) => { $("token").value = ""; dialog.close(); showToken(value); resolve(value); };
    $("token-form").onsubmit = (event) => { event.preventDefault(); end($("token").value); };
    $("token-cancel").onclick = () => end("");
    dialog.oncancel = (event) => { event.preventDefault(); end(""); };
  });
}

function showToken(given) {
  $("forget-token").hidden = !given && !hasToken();
}

async function change(button) {
  const { method, path, doing } = button.dataset;
  button.disabled = true;
  say(`${doing} …`);
  try {
    const found = await operate(method, path);
    say(found.status ?? `The ${found.kind} has begun as job ${found.id}.`);
    await Promise.all([showService($("service")), showCard($("card"))]);
    if (found.id) await jobs();
  } catch (error) {
    say(error.message, "problem");
  } finally {
    button.disabled = false;
    button.focus();
  }
}

async function jobs() {
  try {
    if (await showJobs($("jobs"))) setTimeout(() => { if (isShown("operations")) jobs(); }, JOBS_MS);
  } catch (error) {
    $("jobs").replaceChildren(note(error.message, "problem"));
  }
}

export function start() {
  onTokenNeeded(askForToken);
  rules.start();
  const readMetrics = metrics.start($("charts"));
  document.querySelectorAll("[data-doing]").forEach((button) => button.addEventListener("click", () => change(button)));
  $("show-jobs").addEventListener("click", jobs);
  $("forget-token").addEventListener("click", () => { forgetToken(); showToken(""); say("The token is forgotten."); });
  whenShown("operations", () => {
    showService($("service"));
    showCard($("card"));
    rules.load();
    readMetrics();
  });
}
