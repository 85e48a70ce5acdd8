// Shows what plays and what comes, and the levels.

import { Player } from "./player.js";

const element = (id) => document.getElementById(id);
const player = new Player((text) => { element("status").textContent = text; });
let items = [];
let shown = null;

const clock = (seconds) => new Date(seconds * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
const minutes = (seconds) => {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
};

function list(id, entries) {
  element(id).replaceChildren(...entries.map((item) => {
    const row = document.createElement("li");
    row.className = item.kind;
    const time = document.createElement("time");
    time.textContent = clock(item.starts);
    const name = document.createElement("span");
    name.textContent = item.artist ? `${item.artist} – ${item.title}` : item.title;
    row.append(time, name);
    return row;
  }));
}

// The playlist is some seconds ahead of what is heard.
function show() {
  const date = player.date;
  const index = items.findLastIndex((item) => item.starts <= date);
  const item = items[index];
  if (item) {
    const live = item.reason === "live";
    element("progress").hidden = live;
    if (!live) element("progress").value = Math.min(1, (date - item.starts) / item.seconds);
    const length = live ? "live" : `of ${minutes(item.seconds)}`;
    element("times").textContent = `${minutes(date - item.starts)} ${length}`;
  }
  const key = item ? `${item.number} ${item.starts} ${items.length}` : null;
  if (key === shown) return;
  shown = key;
  element("title").textContent = item?.title ?? "";
  element("artist").textContent = item?.artist ?? "";
  const cover = element("cover");
  cover.hidden = true;
  if (item?.cover) cover.src = `covers/${item.item}`;
  list("next", items.slice(index + 1, index + 6));
  list("history", items.slice(Math.max(0, index - 5), Math.max(0, index)).reverse());
}

function receive(event) {
  const now = JSON.parse(event.data);
  element("station").textContent = now.station;
  document.title = now.station;
  items = [...now.history, ...(now.playing ? [now.playing] : []), ...now.next];
  shown = null;
  show();
}

function drawLevels() {
  const canvas = element("levels");
  const context = canvas.getContext("2d");
  const style = getComputedStyle(document.documentElement);
  context.clearRect(0, 0, canvas.width, canvas.height);
  player.levels.forEach((level, channel) => {
    const share = Math.max(0, Math.min(1, (level + 60) / 60));
    context.fillStyle = style.getPropertyValue("--back");
    context.fillRect(0, channel * 13, canvas.width, 10);
    context.fillStyle = style.getPropertyValue("--accent");
    context.fillRect(0, channel * 13, canvas.width * share, 10);
  });
  requestAnimationFrame(drawLevels);
}

element("cover").addEventListener("load", () => { element("cover").hidden = false; });
element("listen").addEventListener("click", () => {
  if (player.playing) player.stop();
  else player.start();
  element("listen").textContent = player.playing ? "Stop" : "Listen";
});
element("volume").addEventListener("input", () => { player.audio.volume = element("volume").value; });
new EventSource("events").addEventListener("message", receive);
setInterval(show, 500);
drawLevels();
