// Trainings with their progress; only operators may see them.

import { operate } from "./api.js";
import { el, note } from "./dom.js";

function entry(job, cancel) {
  return el(
    "li",
    {},
    el(
      "div",
      { class: "body" },
      el("p", { class: "title" }, `${job.kind} ${job.state}: ${job.stage}`),
      el("progress", { max: 1, value: job.progress, "aria-label": `Progress of ${job.id}` }),
      el("p", { class: "soft" }, `${job.created_at} · ${job.message}`),
    ),
    job.state === "running" ? el("button", { type: "button", class: "quiet", click: () => cancel(job.id) }, "Cancel") : null,
  );
}

// Shows the jobs, and returns whether one is running.
export async function showJobs(holder) {
  const cancel = async (id) => {
    await operate("DELETE", `/jobs/${encodeURIComponent(id)}`).catch((error) => holder.prepend(note(error.message, "problem")));
    await showJobs(holder);
  };
  const jobs = await operate("GET", "/jobs");
  holder.replaceChildren(jobs.length ? el("ol", { class: "lines" }, jobs.map((job) => entry(job, cancel))) : note("No training has run."));
  return jobs.some((job) => job.state === "running");
}
