// The requests that wait: they can be dragged into another order, moved with buttons, and removed.

import { clock, nameOf, part } from "./text.js";

/** A list of requests in an `ol` element. */
export class Requests {
  /** @param onOrder Called with the items as they were, and in their new order. */
  constructor(list, onOrder) {
    this.list = list;
    this.onOrder = onOrder;
    this.shown = [];
    this.dragged = null;
  }

  /** Shows requests, unless one of them is being dragged. */
  show(requests) {
    const isSame = JSON.stringify(requests) === JSON.stringify(this.shown);
    if (this.dragged || isSame) return;
    this.shown = requests;
    const focus = [...this.list.querySelectorAll("button")].indexOf(document.activeElement);
    this.list.replaceChildren(...requests.map((request, index) => this.row(request, index)));
    if (focus >= 0) this.list.querySelectorAll("button")[focus]?.focus();
  }

  row(request, index) {
    const row = part("li");
    row.dataset.index = index;
    const handle = part("span", "handle", "⠿");
    handle.title = "Drag to another place";
    handle.addEventListener("pointerdown", (event) => this.drag(event, row));
    const name = request.title === null ? part("span", "name bad", "not in the station any more") : part("span", "name", nameOf(request));
    const button = (text, label, enabled, act) => {
      const button = part("button", "small", text);
      button.type = "button";
      button.disabled = !enabled;
      button.setAttribute("aria-label", `${label}: ${nameOf(request)}`);
      button.addEventListener("click", act);
      return button;
    };
    const move = (to) => () => {
      const order = this.shown.map((_, place) => place);
      order.splice(to, 0, ...order.splice(index, 1));
      this.tell(order);
    };
    const remove = () => this.tell(this.shown.map((_, place) => place).filter((place) => place !== index));
    name.append(part("div", "note", request.starts === null ? "later" : clock(request.starts)));
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
    if (this.dragged) return;
    event.preventDefault();
    // A row loses the pointer when it is moved, so the document has the listeners.
    const { pointerId } = event;
    this.dragged = row;
    row.classList.add("dragged");
    const move = ({ clientY, pointerId: moved }) => {
      if (moved !== pointerId) return;
      const others = [...this.list.children].filter((other) => other !== row);
      const next = others.find((other) => {
        const { top, height } = other.getBoundingClientRect();
        return clientY < top + height / 2;
      });
      if (next !== row.nextElementSibling) this.list.insertBefore(row, next ?? null);
    };
    const end = (ended) => {
      if (ended.pointerId !== pointerId) return;
      document.removeEventListener("pointermove", move);
      document.removeEventListener("pointerup", end);
      document.removeEventListener("pointercancel", end);
      this.dragged = null;
      row.classList.remove("dragged");
      const order = [...this.list.children].map((child) => Number(child.dataset.index));
      const isMoved = order.some((place, index) => place !== index);
      if (ended.type === "pointerup" && isMoved) this.tell(order);
      else if (isMoved) this.redraw();
    };
    document.addEventListener("pointermove", move);
    document.addEventListener("pointerup", end);
    document.addEventListener("pointercancel", end);
  }

  /** Tells the new order, and shows it until the server has answered. */
  tell(order) {
    const were = this.shown;
    this.show(order.map((place) => ({ ...were[place], starts: null })));
    this.onOrder(were.map((request) => request.item), order.map((place) => were[place].item));
  }

  /** Shows the requests again, as the server knows them. */
  redraw() {
    const requests = this.shown;
    this.shown = [];
    this.show(requests);
  }
}
