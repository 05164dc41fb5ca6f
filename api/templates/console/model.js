// The generation in service and its model's card, with intervals.

import { get } from "./api.js";
import { el, facts, note, table } from "./dom.js";
import { count, duration } from "./words.js";

const MEASURES = ["ndcg@10", "hit_rate@10", "recall@10", "coverage@5", "gini@5"];

function written(measured) {
  if (measured === null || measured === undefined) return "";
  if (typeof measured === "number") return measured.toFixed(4);
  return `${measured.value.toFixed(4)} (${measured.low.toFixed(4)} to ${measured.high.toFixed(4)})`;
}

function metricsTable(metrics) {
  return Object.entries(metrics.ranking ?? {}).map(([mode, { models, cases }]) => [
    el("h4", {}, `${mode}: ${count(cases)} cases`),
    table(["Model", ...MEASURES], Object.entries(models).map(([name, found]) => [name, ...MEASURES.map((measure) => written(found[measure]))]), `Metrics of the models, ${mode}`),
  ]);
}

function validationTable(card) {
  const found = Object.entries(card.validation ?? {}).filter(([, values]) => values?.["ndcg@10"] !== undefined);
  if (!found.length) return null;
  return table(["On the validation days", "ndcg@10", "hit_rate@10"], found.map(([name, values]) => [name, written(values["ndcg@10"]), written(values["hit_rate@10"])]), "Metrics on the validation days");
}

function cardView({ in_place: inPlace, card, metrics }) {
  if (!inPlace) return [note("The model file in MODEL_PATH is another one than the model in service, so its card isn't shown.")];
  if (!card && !metrics) return [note("There is no card beside the model file.")];
  return [
    card?.model ? note(`The model asks: ${String(card.model).replace(/^.*?: /, "")}`, "") : null,
    card ? validationTable(card) : null,
    metrics ? el("details", {}, el("summary", {}, "Metrics on the test days, with 95 % intervals"), metricsTable(metrics)) : el("p", { class: "soft" }, el("code", {}, "python -m pipeline evaluate"), " measures it on the test days, with intervals."),
    card?.limits ? el("details", {}, el("summary", {}, "What it can't know"), el("ul", {}, card.limits.map((text) => el("li", {}, String(text))))) : null,
  ];
}

export async function showService(holder) {
  try {
    const ready = await get("/health/ready");
    holder.replaceChildren(
      facts([
        ["Generation", el("code", {}, ready.generation)],
        ["Data read", ready.data_read_at === null ? "unknown" : `${duration(ready.data_age_s)} ago`],
        ["Running for", duration(ready.uptime_s)],
        ["Users, items", `${count(ready.users)}, ${count(ready.items)}`],
        ["Lists computed", `${Math.floor(ready.top_lists * 100)} %`],
        ["Engine", ready.engine],
        ["Slow because", ready.slow_reason],
      ]),
    );
  } catch (error) {
    holder.replaceChildren(note(error.message, "problem"));
  }
}

export async function showCard(holder) {
  try {
    holder.replaceChildren(...cardView(await get("/console/model")).filter(Boolean));
  } catch (error) {
    holder.replaceChildren(note(error.message, "problem"));
  }
}
