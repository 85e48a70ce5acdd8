// The operator's page: asks the station for its state again and again, and shows it.

import { Refusal, ask, json, onToken } from "./ask.js";
import { control, drawLevels } from "./levels.js";
import { showBuffer, showHealth, showListeners, showLive, showLoudness, showPublishers } from "./panels.js";
import { Player } from "./player.js";
import { Requests } from "./requests.js";
import { clock, minutes, nameOf, part, row } from "./text.js";
import { drawWindow, parse } from "./window.js";

/** Milliseconds between two requests for the state, the schedule, the figures, and the history. */
const INTERVALS = { state: 2000, schedule: 5000, figures: 10000, history: 15000 };
/** Milliseconds from the last key to the search. */
const SEARCH_DELAY = 200;

const $ = (id) => document.getElementById(id);
const player = new Player((text) => { $("player").textContent = text; });
const requests = new Requests($("requests"), (were, order) => act(() => send("PUT", "api/requests", { were, requests: order })));
/** The clock of the station is ahead of that of the browser by so many seconds. */
let offset = 0;
let items = [];
let segments = [];
let live = null;
const now = () => Date.now() / 1000 + offset;

onToken("crowd-radio token", async (refused) => {
  const dialog = $("token");
  if (refused) $("token-text").textContent = "The token is wrong. It is the value of --token with which the station was started.";
  dialog.returnValue = "";
  dialog.showModal();
  await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
  if (!$("token-input").value) throw new Refusal(401, "Nothing can be shown without the token: load the page again to enter it.");
  return $("token-input").value;
});

const send = (method, path, body) =>
  ask(path, { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

function fail(error) {
  const missing = error.status === 404 && !error.message.startsWith("there is no");
  $("trouble").textContent = missing ? "This page needs a station with a token: start it with --token." : error.message;
  $("trouble").hidden = false;
}

/** Does what the operator asked for, and shows the schedule after it. */
async function act(work) {
  try {
    await work();
    $("trouble").hidden = true;
  } catch (error) {
    fail(error);
  }
  await refresh.schedule().catch(fail);
  requests.redraw();
}

const refresh = {
  async state() {
    const status = await json("api/status");
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
    const schedule = await json("api/schedule?hours=12");
    items = schedule.items;
    requests.show(schedule.requests);
    $("requests-text").textContent = schedule.requests.length ? "" : "No request waits. One that plays in the next seconds is not listed.";
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
    const { rows } = await json(`api/figures?hours=${hours}`);
    const span = { from: now() - 3600 * hours, to: now() };
    showBuffer.plot(rows, span);
    showListeners.plot(rows, span);
    showLoudness.plot(rows, span);
  },
  async history() {
    const { broadcast, health } = await json("api/history");
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
  $("time").textContent = clock(now(), { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  $("window-text").textContent = drawWindow($("window"), segments, now());
  const item = items.findLast((item) => item.starts <= now()) ?? items[0];
  if (!item) return;
  $("title").textContent = live ? (live.title || live.name || live.user || "live") : item.title;
  $("artist").textContent = live ? `live on ${live.mount}` : (item.artist ?? "");
  $("progress").hidden = Boolean(live);
  const played = now() - item.starts;
  $("progress").value = Math.max(0, Math.min(1, played / item.seconds));
  $("times").textContent = live ? "" : `${minutes(played)} of ${minutes(item.seconds)}, ${minutes(item.seconds - played)} left`;
}

function found(items, count) {
  $("found").replaceChildren(...items.map((item) => {
    const button = part("button", "small", "Request");
    button.type = "button";
    button.addEventListener("click", () => {
      $("search").value = "";
      found([], 0);
      act(() => send("POST", "api/requests", { item: item.item }));
    });
    const line = part("li");
    line.append(part("span", "name", nameOf(item)), button);
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
      const result = await json(`api/items?text=${encodeURIComponent(text)}`);
      if (text === $("search").value.trim()) found(result.items.slice(0, 8), result.count);
    } catch (error) {
      fail(error);
    }
  }, SEARCH_DELAY);
});
$("search-form").addEventListener("submit", (event) => event.preventDefault());
$("skip").addEventListener("click", () => act(() => send("POST", "api/skip", {})));
$("hours").addEventListener("change", () => refresh.figures().catch(fail));
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
        if (name === "state") showHealth.unreachable();
        // Without a token, or with a wrong one, there is nothing to ask for.
        if (error.status === 401 || error.status === 404) return;
      }
    }
    await new Promise((resolve) => setTimeout(resolve, INTERVALS[name]));
  }
}

Object.keys(INTERVALS).forEach(repeat);
setInterval(tick, 250);
