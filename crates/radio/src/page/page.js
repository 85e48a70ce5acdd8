// Shows what plays and what comes.

import { control, drawLevels } from "./levels.js";
import { Player } from "./player.js";
import { clock, minutes, nameOf, row } from "./text.js";

const element = (id) => document.getElementById(id);
const player = new Player((text) => { element("status").textContent = text; });
let items = [];
let shown = null;

function list(id, entries) {
  element(id).replaceChildren(...entries.map((item) => row(clock(item.starts), item.kind, nameOf(item))));
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

element("cover").addEventListener("load", () => { element("cover").hidden = false; });
control(player, element("listen"), element("volume"));
new EventSource("events").addEventListener("message", receive);
setInterval(show, 500);
drawLevels(element("levels"), player);
