// The requests that wait: they can be dragged into another order, moved with buttons, and removed.

import { clock, nameOf, part } from "./text.js";

/** The distance from the edge of the window, in pixels, in which it scrolls while a request is dragged, and how far. */
const EDGE = 60;
const SCROLLED = 12;

/** A list of requests in an `ol` element. */
export class Requests {
  /** @param onOrder Called with the items as they were, and in their new order. */
  constructor(list, onOrder) {
    this.list = list;
    this.onOrder = onOrder;
    this.shown = [];
    /** What came while a request was dragged. */
    this.next = null;
    this.dragged = null;
  }

  /** Shows requests; after a drag, if one is being dragged. */
  show(requests) {
    if (this.dragged) {
      this.next = requests;
      return;
    }
    if (JSON.stringify(requests) === JSON.stringify(this.shown)) return;
    const focus = this.focused();
    this.shown = requests;
    this.list.replaceChildren(...requests.map((request, index) => this.row(request, index)));
    this.focus(focus);
  }

  /** The row and the button that have the focus. */
  focused() {
    const row = document.activeElement?.closest("li");
    if (!row || row.parentElement !== this.list) return null;
    const button = [...row.querySelectorAll("button")].indexOf(document.activeElement);
    return { item: row.dataset.item, index: [...this.list.children].indexOf(row), button };
  }

  /** Gives the focus to the same request, or to the one that has taken its place. */
  focus(focus) {
    if (!focus) return;
    const rows = [...this.list.children];
    const row = rows.find((row) => row.dataset.item === focus.item) ?? rows[Math.min(focus.index, rows.length - 1)];
    const buttons = [...(row?.querySelectorAll("button") ?? [])];
    // At the ends of the list a button cannot be pressed.
    (buttons[focus.button]?.disabled ? buttons.find((button) => !button.disabled) : buttons[focus.button])?.focus();
  }

  row(request, index) {
    const row = part("li");
    row.dataset.item = request.item;
    const title = request.title === null ? "a track that is not in the station any more" : nameOf(request);
    const handle = part("span", "handle", "⠿");
    handle.title = "Drag to another place";
    handle.addEventListener("pointerdown", (event) => this.drag(event, row));
    const name = part("span", "name");
    name.append(
      part("span", request.title === null ? "bad" : "clamped", title),
      part("div", "note", request.starts === null ? "later" : clock(request.starts)),
    );
    const button = (text, label, enabled, act) => {
      const button = part("button", "small", text);
      button.type = "button";
      button.disabled = !enabled;
      button.setAttribute("aria-label", `${label}: ${title}`);
      button.addEventListener("click", act);
      return button;
    };
    const move = (to) => () => {
      const order = [...this.shown];
      order.splice(to, 0, ...order.splice(index, 1));
      this.tell(order);
    };
    const remove = () => this.tell(this.shown.filter((_, place) => place !== index));
    row.append(
      handle,
      name,
      button("↑", "Earlier", index > 0, move(index - 1)),
      button("↓", "Later", index + 1 < this.shown.length, move(index + 1)),
      button("✕", "Remove", true, remove),
    );
    return row;
  }

  drag(event, row) {
    if (this.dragged || event.button !== 0) return;
    event.preventDefault();
    // A row loses the pointer when it is moved, so the document has the listeners.
    const { pointerId } = event;
    const before = [...this.list.children];
    let y = event.clientY;
    this.dragged = row;
    row.classList.add("dragged");
    const place = () => {
      const others = [...this.list.children].filter((other) => other !== row);
      const next = others.find((other) => {
        const { top, height } = other.getBoundingClientRect();
        return y < top + height / 2;
      });
      if (next !== row.nextElementSibling) this.list.insertBefore(row, next ?? null);
    };
    const scroll = setInterval(() => {
      const by = y < EDGE ? -SCROLLED : y > window.innerHeight - EDGE ? SCROLLED : 0;
      if (!by) return;
      window.scrollBy(0, by);
      place();
    }, 16);
    const move = (moved) => {
      if (moved.pointerId !== pointerId) return;
      y = moved.clientY;
      place();
    };
    const end = (ended) => {
      if (ended.type === "keydown" ? ended.key !== "Escape" : ended.pointerId !== pointerId) return;
      clearInterval(scroll);
      for (const [name, listener] of listeners) document.removeEventListener(name, listener);
      row.classList.remove("dragged");
      this.dragged = null;
      const order = [...this.list.children].map((child) => this.shown[before.indexOf(child)]);
      const { next } = this;
      this.next = null;
      if (ended.type === "pointerup" && order.some((request, index) => request !== this.shown[index])) {
        this.tell(order);
        return;
      }
      this.list.replaceChildren(...before);
      if (next) this.show(next);
    };
    const listeners = [["pointermove", move], ["pointerup", end], ["pointercancel", end], ["keydown", end]];
    for (const [name, listener] of listeners) document.addEventListener(name, listener);
  }

  /** Tells the new order, and shows it until the server has answered. */
  tell(order) {
    const were = this.shown.map((request) => request.item);
    this.show(order.map((request) => ({ ...request, starts: null })));
    this.onOrder(were, order.map((request) => request.item));
  }
}
