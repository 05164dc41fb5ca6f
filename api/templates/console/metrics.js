// Requests and latencies from /metrics, read every two seconds while somebody looks.

import { get } from "./api.js";
import { chart } from "./charts.js";
import { isShown } from "./tabs.js";
import { milliseconds } from "./words.js";

const EVERY_MS = 2000;
const MOST = 60;
const PREFIX = "recommender_";
// What the console itself asks for, which would otherwise be all that an idle service shows.
const OWN = new Set(["/metrics", "/console", "/console/<file>", "/health/ready", "/jobs"]);

function labelsOf(text) {
  return Object.fromEntries([...text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, name, value]) => [name, value]));
}

function parse(text) {
  return text.split("\n").filter((line) => line.startsWith(PREFIX)).map((line) => {
    const [, name, labels = "", value] = /^(\w+)(?:\{(.*)\})? (\S+)/.exec(line) ?? [];
    return { name: name?.slice(PREFIX.length), labels: labelsOf(labels), value: Number(value) };
  });
}

function totals(samples) {
  const others = samples.filter(({ labels }) => !OWN.has(labels.route));
  const counted = others.filter(({ name }) => name === "requests_total");
  const sum = (chosen) => chosen.reduce((all, { value }) => all + value, 0);
  const buckets = new Map();
  for (const { name, labels, value } of others) {
    if (name === "request_seconds_bucket") buckets.set(Number(labels.le.replace("+Inf", "Infinity")), (buckets.get(Number(labels.le.replace("+Inf", "Infinity"))) ?? 0) + value);
  }
  return { at: performance.now(), requests: sum(counted), failed: sum(counted.filter(({ labels }) => labels.status.startsWith("5"))), buckets };
}

// The latency below which a share of the requests between two readings lie, by linear
// interpolation within a bucket.
function quantile(share, before, now) {
  const ends = [...now.buckets.keys()].sort((a, b) => a - b);
  const between = ends.map((end) => now.buckets.get(end) - (before.buckets.get(end) ?? 0));
  const wanted = share * (between.at(-1) ?? 0);
  if (!wanted) return null;
  const at = between.findIndex((n) => n >= wanted);
  const low = at ? ends[at - 1] : 0;
  if (ends[at] === Infinity) return low;
  const below = at ? between[at - 1] : 0;
  return low + ((ends[at] - low) * (wanted - below)) / Math.max(between[at] - below, 1e-9);
}

export function start(holder) {
  const perSecond = (value) => `${value < 10 ? value.toFixed(1) : Math.round(value)}/s`;
  const charts = [
    { ...chart("Requests", perSecond), of: (before, now, seconds) => (now.requests - before.requests) / seconds },
    { ...chart("Server errors", perSecond), of: (before, now, seconds) => (now.failed - before.failed) / seconds },
    { ...chart("Median latency", milliseconds), of: (before, now) => quantile(0.5, before, now) },
    { ...chart("95 % are faster than", milliseconds), of: (before, now) => quantile(0.95, before, now) },
  ].map((each) => ({ ...each, values: [] }));
  holder.replaceChildren(...charts.map(({ node }) => node));
  let before = null;

  async function read() {
    if (!isShown("operations")) { before = null; return; }
    const now = await get("/metrics").then((text) => totals(parse(text))).catch(() => null);
    if (before && now) {
      const seconds = (now.at - before.at) / 1000;
      for (const { of, values, draw } of charts) {
        values.push(now.requests < before.requests ? null : of(before, now, seconds));
        if (values.length > MOST) values.shift();
        draw(values, MOST);
      }
    }
    before = now;
  }
  setInterval(read, EVERY_MS);
  return read;
}
