// The operator's page: asks the station for its state again and again, and shows it.

import { Refusal, ask, json, onToken } from "./ask.js";
import { control, drawLevels } from "./levels.js";
import { showBuffer, showHealth, showListeners, showLive, showLoudness, showPublishers } from "./panels.js";
import { Player } from "./player.js";
import { Requests } from "./requests.js";
import { clock, minutes, nameOf, part, row, say } from "./text.js";
import { drawWindow, parse } from "./window.js";

/** Milliseconds between two requests for the state, the schedule, the figures, and the history. */
const INTERVALS = { state: 2000, schedule: 5000, figures: 10000, history: 15000 };
/** Milliseconds in which the station has to answer. */
const ANSWER = 10000;
/** Milliseconds from the last key to the search. */
const SEARCH_DELAY = 200;

const $ = (id) => document.getElementById(id);
const player = new Player((text) => { $("player").textContent = text; });
const requests = new Requests($("requests"), (were, order) => act(() => send("PUT", "api/requests", { were, requests: order })));
/** The commands that were not answered yet. They are sent one after the other. */
let commands = Promise.resolve();
let waiting = 0;
/** The clock of the station is ahead of that of the browser by so many seconds; null before the first answer. */
let offset = null;
let items = [];
let segments = [];
let live = null;
const now = () => Date.now() / 1000 + (offset ?? 0);

onToken("crowd-radio token", async (refused) => {
  const dialog = $("token");
  if (refused) $("token-text").textContent = "The token is wrong. It is the value of --token with which the station was started.";
  dialog.returnValue = "";
  $("token-input").value = "";
  dialog.showModal();
  await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
  if (dialog.returnValue !== "continue" || !$("token-input").value) {
    throw new Refusal(401, "Nothing can be shown without the token: load the page again to enter it.");
  }
  return $("token-input").value;
});

/** A station that hangs is not waited for. */
const limit = () => AbortSignal.timeout(ANSWER);
const get = (path) => json(path, { signal: limit() });
const send = (method, path, body) =>
  ask(path, { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), signal: limit() });

function fail(error) {
  say($("trouble"), error.name === "TimeoutError" ? "The station does not answer." : error.message);
  $("trouble").hidden = false;
}

/** Does what the operator asked for after what was asked for before, and then shows the schedule. */
function act(work) {
  waiting += 1;
  commands = commands.then(async () => {
    try {
      await work();
      $("trouble").hidden = true;
    } catch (error) {
      fail(error);
    }
    waiting -= 1;
    if (!waiting) await refresh.schedule().catch(fail);
  });
}

const refresh = {
  async state() {
    const status = await get("api/status");
    offset = status.time - Date.now() / 1000;
    segments = parse(status.playlist);
    live = status.health.live?.find((mount) => mount.state === "on_air" && !mount.talk) ?? null;
    $("station").textContent = status.station;
    document.title = `${status.station}: operator`;
    showHealth(status);
    showLive(status.health.live, (mount, duration) =>
      act(() => send("POST", "api/live/disconnect", { mount, minutes: duration })));
    showBuffer(status.health.buffer);
    showListeners(status.health);
    showLoudness(status);
    showPublishers(status.health.publishers);
  },
  async schedule() {
    const schedule = await get("api/schedule?hours=12");
    // What is asked for meanwhile is not in it.
    if (waiting) return;
    items = schedule.items;
    requests.show(schedule.requests);
    say($("requests-text"), schedule.requests.length ? "" : "No request waits. One that plays in the next seconds is not listed.");
    const shown = $("coming");
    const coming = items.map((item, index) => row(
      clock(item.starts),
      `${item.kind}${index ? "" : " playing"}`,
      nameOf(item),
      part("span", "why", item.reason === "playlist" ? "" : item.reason),
      part("span", "length", minutes(item.seconds)),
    ));
    const { scrollTop } = shown;
    shown.replaceChildren(...coming);
    shown.scrollTop = scrollTop;
  },
  async figures() {
    const hours = Number($("hours").value);
    if (offset === null) return;
    const { rows } = await get(`api/figures?hours=${hours}`);
    const span = { from: now() - 3600 * hours, to: now() };
    showBuffer.plot(rows, span);
    showListeners.plot(rows, span);
    showLoudness.plot(rows, span);
  },
  async history() {
    const { broadcast, health } = await get("api/history");
    $("played").replaceChildren(...broadcast.map((line) => row(
      clock(Date.parse(line.start) / 1000),
      line.kind,
      nameOf(line),
      part("span", "why", line.kind === "track" ? "" : line.kind),
      part("span", "length", minutes(Number(line.seconds))),
    )));
    showHealth.history(health);
  },
};

/** What is drawn between two answers: places in time. */
function tick() {
  say($("time"), clock(now(), { hour: "2-digit", minute: "2-digit", second: "2-digit" }));
  say($("window-text"), drawWindow($("window"), segments, now()));
  const item = items.findLast((item) => item.starts <= now()) ?? items[0];
  if (!item) return;
  say($("title"), live ? (live.title || live.name || live.user || "live") : item.title);
  say($("artist"), live ? `live on ${live.mount}` : (item.artist ?? ""));
  $("progress").hidden = Boolean(live);
  const played = now() - item.starts;
  $("progress").value = Math.max(0, Math.min(1, played / item.seconds));
  say($("times"), live ? "" : `${minutes(played)} of ${minutes(item.seconds)}, ${minutes(item.seconds - played)} left`);
}

function found(items, count) {
  $("found").replaceChildren(...items.map((item) => {
    const button = part("button", "small", "Request");
    button.type = "button";
    button.setAttribute("aria-label", `Request: ${nameOf(item)}`);
    button.addEventListener("click", () => {
      $("search").value = "";
      found([], 0);
      act(() => send("POST", "api/requests", { item: item.item }));
    });
    const line = part("li");
    line.append(part("span", "name clamped", nameOf(item)), button);
    return line;
  }));
  if (count > items.length) $("found").append(part("li", "note", `and ${count - items.length} more`));
}

let searching = 0;
$("search").addEventListener("input", () => {
  clearTimeout(searching);
  const text = $("search").value.trim();
  searching = setTimeout(async () => {
    if (!text) return found([], 0);
    try {
      const result = await get(`api/items?text=${encodeURIComponent(text)}`);
      if (text === $("search").value.trim()) found(result.items.slice(0, 8), result.count);
    } catch (error) {
      fail(error);
    }
  }, SEARCH_DELAY);
});
$("search-form").addEventListener("submit", (event) => event.preventDefault());
$("skip").addEventListener("click", () => act(() => send("POST", "api/skip", {})));
$("hours").addEventListener("change", () => refresh.figures().catch(fail));
window.addEventListener("resize", () => refresh.figures().catch(fail));
control(player, $("listen"), $("volume"));
drawLevels($("levels"), player);

/** Asks again and again. A station that does not answer is asked on. */
async function repeat(name) {
  let failed = false;
  for (;;) {
    if (!document.hidden) {
      try {
        await refresh[name]();
        if (failed) $("trouble").hidden = true;
        failed = false;
      } catch (error) {
        failed = true;
        fail(error);
        // The operator does not want to enter the token.
        if (error.status === 401) return;
        if (name === "state") showHealth.unknown(error.status);
      }
    }
    await new Promise((resolve) => setTimeout(resolve, INTERVALS[name]));
  }
}

Object.keys(INTERVALS).forEach(repeat);
setInterval(tick, 250);
