// Numbers, times and names in words.

const whole = new Intl.NumberFormat("en-US");
const dollars = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD" });

export const count = (n) => whole.format(n);
export const plural = (n, one, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`;
export const price = (value) => (value === null || value === undefined ? "no price" : dollars.format(value));
export const signed = (value, digits = 2) => (value < 0 ? "−" : "+") + Math.abs(value).toFixed(digits);
export const briefly = (text, most = 60) => (text.length > most ? `${text.slice(0, most - 1).trimEnd()}…` : text);
export const day = (time) => (time ? time.slice(0, 10) : "unknown day");

export function percent(share) {
  const value = share * 100;
  if (value === 0) return "0 %";
  if (value < 0.1) return "< 0.1 %";
  return `${value >= 9.95 ? Math.round(value) : value.toFixed(1)} %`;
}

export function duration(seconds) {
  if (seconds === null || seconds === undefined) return "unknown";
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86400)} days`;
}

export function milliseconds(seconds) {
  if (!Number.isFinite(seconds)) return "–";
  const value = seconds * 1000;
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}

export const stars = (rating) => (rating === null ? "not rated" : "★".repeat(Math.round(rating)) + "☆".repeat(5 - Math.round(rating)));

// What is known about an item, in one line.
export const about = (item) => [price(item.price), item.brand, item.category].filter(Boolean).join(" · ");

const SIMILARITIES = {
  seq: "Chosen next",
  hop: "Chosen two steps later",
  now: "Chosen next lately",
  cf: "Chosen by the same people",
  tf: "Titles and descriptions share words",
  ml: "Described alike",
};

export const similarityName = (name) => (SIMILARITIES[name] ? `${SIMILARITIES[name]} (${name})` : name);
