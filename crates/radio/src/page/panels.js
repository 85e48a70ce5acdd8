// Shows the parts of the station's state, each in its panel.

import { plot } from "./plot.js";
import { clock, minutes, part, row, say } from "./text.js";

const $ = (id) => document.getElementById(id);

/** Alarms and other causes in words. What is not listed is the name of a publisher. */
const CAUSES = {
  start: "Start",
  fault: "Fault",
  buffer: "Generated music",
  unreachable: "Not reachable",
  no_new_segment: "No new segment",
  wrong_time: "Wrong time",
  silence: "Silence",
  channel_missing: "Channel missing",
  clipping: "Clipping",
};

const level = (value, unit) => (Number.isFinite(value) ? `${value.toFixed(1)} ${unit}` : `– ${unit}`);

/** Whether the station is in order, and what is not. */
export function showHealth({ health, heard }) {
  const faults = [];
  if (!health.ok) faults.push(["Not on air", "nothing is published"]);
  if (health.fault) faults.push(["Fault", health.fault]);
  for (const alarm of heard?.alarms ?? []) faults.push([CAUSES[alarm.kind] ?? alarm.kind, alarm.text]);
  if (health.buffer && health.buffer.health !== "HEALTHY") faults.push([CAUSES.buffer, health.buffer.health]);
  for (const publisher of health.publishers) {
    if (publisher.state === "waiting") faults.push([publisher.name, publisher.last_error]);
  }
  say($("health"), faults.length ? `Not in order: ${faults[0][0]}` : "In order");
  $("health").className = faults.length ? "bad" : "good";
  $("faults").replaceChildren(...faults.map(([cause, text]) => part("li", "bad", `${cause}: ${text}`)));
  if (health.lost_items) $("faults").append(part("li", "", `Items that could not be played since the start: ${health.lost_items}`));
}

/** The station has not answered, or has refused to. */
showHealth.unknown = (status) => {
  say($("health"), status === 403 ? "The station takes no commands" : "The station does not answer");
  $("health").className = "bad";
};

showHealth.history = (changes) => {
  const day = { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" };
  $("health-history").replaceChildren(...changes.map(({ time, cause, text }) => {
    const name = CAUSES[cause] ?? cause;
    const when = new Date(time).toLocaleString([], day);
    return row(when, text && cause !== "start" ? "bad" : "", text ? `${name}: ${text}` : `${name}: in order again`);
  }));
};

/** The rows of the mounts, by their paths: a button stays the same while it is pressed. */
const mountRows = new Map();

function mountRow(mount, onDisconnect) {
  const row = { line: part("li"), state: part("strong"), source: part("div"), details: part("div", "note") };
  row.button = part("button", "small", "Disconnect for 10 minutes");
  row.button.type = "button";
  row.button.setAttribute("aria-label", `Disconnect the source of ${mount} for 10 minutes`);
  row.button.addEventListener("click", () => onDisconnect(mount, 10));
  const name = part("span", "name");
  name.append(row.state, row.source, row.details);
  row.line.append(name, row.button);
  $("live").append(row.line);
  return row;
}

/** The mounts of live sources; null when there are none. They are the same until the station is started again. */
export function showLive(mounts, onDisconnect) {
  $("live-panel").hidden = !mounts?.length;
  for (const mount of mounts ?? []) {
    if (!mountRows.has(mount.mount)) mountRows.set(mount.mount, mountRow(mount.mount, onDisconnect));
    const { state, source, details, button } = mountRows.get(mount.mount);
    const drift = `${mount.drift_ppm >= 0 ? "+" : ""}${mount.drift_ppm.toFixed(0)} ppm`;
    const recording = mount.recording ? `, recorded to ${mount.recording}` : "";
    say(state, `${mount.mount} ${mount.state.replace("_", " ")}`);
    state.className = mount.state === "on_air" ? "good" : "";
    say(source, mount.user ? `${mount.user}${mount.title ? `: ${mount.title}` : ""}` : "no source");
    say(details, mount.user
      ? `buffer ${mount.buffer_seconds.toFixed(1)} s, clock ${drift}, lost ${mount.losses} times${recording}`
      : (mount.last_event ?? ""));
    button.disabled = !mount.user;
  }
}

/** The buffer of generated music; null when there is none. */
export function showBuffer(buffer) {
  $("buffer-panel").hidden = !buffer;
  if (!buffer) return;
  const left = minutes(3600 * buffer.hours_remaining);
  $("buffer-text").textContent = `${buffer.health}: ${left} of new music, ${buffer.available_chunks} of ${buffer.chunks} chunks, ${buffer.repeats} repeats`;
  $("buffer-text").className = buffer.health === "HEALTHY" ? "good" : "bad";
  const waiting = buffer.waiting.map((wait) => row(minutes(wait.seconds), "", wait.prompt, part("span", "length", `${wait.chunks} chunks`)));
  const next = row("then", "jingle", buffer.next_prompt);
  $("prompts").replaceChildren(...waiting, ...(buffer.waiting.at(-1)?.prompt === buffer.next_prompt ? [] : [next]));
}

showBuffer.plot = (rows, span) => {
  if ($("buffer-panel").hidden) return;
  const values = rows.map((row) => (row.buffer_seconds === null ? null : row.buffer_seconds / 60));
  plot($("buffer-plot"), rows.map((row) => row.time), [{ name: "minutes not played", color: "accent", values }], { ...span, least: 0 });
};

/** The listeners of each mount. */
export function showListeners({ listeners, hls_clients: hls, dropped_listeners: dropped }) {
  const lost = dropped ? `; ${dropped} disconnected because they were too slow` : "";
  $("listeners-text").textContent = `HLS ${hls}, /listen.aac ${listeners.aac}, /listen.opus ${listeners.opus}${lost}`;
}

showListeners.plot = (rows, span) => {
  const line = (name, color, key) => ({ name, color, values: rows.map((row) => row.listeners[key]) });
  const lines = [line("HLS", "accent", "hls"), line("aac", "second", "aac"), line("opus", "good", "opus")];
  plot($("listeners-plot"), rows.map((row) => row.time), lines, { ...span, least: 0, most: 4 });
};

let target = -16;

/** The loudness of the newest segment that the station has heard. */
export function showLoudness({ heard, loudness_lufs: loudness }) {
  target = loudness;
  const levels = heard?.levels;
  $("loudness-text").textContent = levels
    ? `${level(levels.loudness_lufs, "LUFS")}, peak ${level(levels.peak_dbfs, "dBFS")}, in segment ${heard.segment} (the station has ${target} LUFS)`
    : "The station does not listen to itself: crowd-radio run does, and stream with --health-file, both without HTTPS.";
}

showLoudness.plot = (rows, span) => {
  const line = (name, color, key) => ({ name, color, values: rows.map((row) => row[key]) });
  const lines = [line("LUFS", "accent", "loudness_lufs"), line("peak dBFS", "second", "peak_dbfs")];
  const marks = [{ value: target, text: `${target} LUFS` }];
  plot($("loudness-plot"), rows.map((row) => row.time), lines, { ...span, least: target - 8, most: 0, marks });
};

/** The publishers. */
export function showPublishers(publishers) {
  $("publishers-panel").hidden = !publishers.length;
  $("publishers").replaceChildren(...publishers.map((publisher) => {
    const counts = `since ${clock(publisher.since)}, ${publisher.reconnections} reconnections, ${publisher.skipped_segments} segments skipped`;
    const name = part("span", "name");
    name.append(
      part("strong", { publishing: "good", waiting: "bad" }[publisher.state] ?? "", publisher.state),
      part("span", "", ` ${publisher.name}`),
      part("div", "note", counts),
    );
    const line = part("li");
    line.append(name);
    return line;
  }));
}
