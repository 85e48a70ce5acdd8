// A list of any length, of which only the visible rows are in the document. The style sheet sets the height of a row (--row-height), and
// its position by its number (--at).

/** Rows that are kept beyond each edge of the visible ones, for the next step of scrolling. */
const BEYOND = 6;

const buttons = (row) => [...row.querySelectorAll('button')];
const buttonAt = (row, place) => buttons(row)[place] ?? buttons(row)[0];

export class Rows {
  /**
   * @param {HTMLOListElement} list The list; its parent scrolls.
   * @param {{key, make, above}} parts `key` returns the key of an item, which stays when the item is loaded again; `make` returns its
   * row, an `li` with a main button first; `above` gets the focus when it leaves the list at the top.
   */
  constructor(list, parts) {
    Object.assign(this, { list, view: list.parentElement, items: [], drawn: new Map(), ...parts });
    /** The row that can be reached by Tab. It stays in the document while it is not visible, because it may have the focus. */
    this.entry = 0;
    this.view.addEventListener('scroll', () => this.draw(), { passive: true });
    new ResizeObserver(() => this.draw()).observe(this.view);
    list.addEventListener('focusin', ({ target }) => this.enter(this.indexOf(target)));
    list.addEventListener('keydown', (event) => this.walk(event));
  }

  /** Shows these items. The row that can be reached by Tab, and the focus, stay with its item. */
  set(items) {
    const known = this.items[this.entry];
    const focused = document.activeElement?.closest('li');
    const place = this.list.contains(focused) ? buttons(focused).indexOf(document.activeElement) : -1;
    const at = known === undefined ? -1 : items.findIndex((item) => this.key(item) === this.key(known));
    this.items = items;
    this.list.style.setProperty('--rows', items.length);
    this.entry = Math.max(0, at >= 0 ? at : Math.min(this.entry, items.length - 1));
    this.draw();
    if (place >= 0 && !this.list.contains(document.activeElement)) this.focus(this.entry, place);
  }

  /** Draws all rows again. */
  refresh() {
    this.drawn.forEach((row) => (row.item = null));
    this.draw();
  }

  /** The number of the row that contains an element. */
  indexOf(element) {
    const row = element.closest('li');
    return row && row.parentElement === this.list ? Number(row.dataset.at) : -1;
  }

  /** Pixels of a row. */
  get height() {
    return this.items.length ? this.list.offsetHeight / this.items.length : 1;
  }

  draw() {
    const { items, view, height, drawn } = this;
    // A hidden list has no height, and is drawn when it has one.
    if (!height) return;
    const first = Math.max(0, Math.floor(view.scrollTop / height) - BEYOND);
    const end = Math.min(items.length, Math.ceil((view.scrollTop + view.clientHeight) / height) + BEYOND);
    const wanted = Array.from({ length: Math.max(0, end - first) }, (_, n) => first + n);
    if (items.length && this.entry < first) wanted.unshift(this.entry);
    if (items.length && this.entry >= end) wanted.push(this.entry);
    const keys = new Map(wanted.map((at) => [this.key(items[at]), at]));
    for (const [key, { element }] of drawn) {
      if (keys.has(key)) continue;
      element.remove();
      drawn.delete(key);
    }
    let before = null;
    for (const [key, at] of keys) {
      const element = this.row(key, items[at]);
      element.dataset.at = at;
      element.style.setProperty('--at', at);
      element.setAttribute('aria-posinset', at + 1);
      element.setAttribute('aria-setsize', items.length);
      for (const button of buttons(element)) button.tabIndex = at === this.entry ? 0 : -1;
      // A row in its place is not moved, because it would lose the focus.
      const there = before ? before.nextElementSibling : this.list.firstElementChild;
      if (there !== element) this.list.insertBefore(element, there);
      before = element;
    }
  }

  /** The row of an item, made if it does not exist or its item has changed. */
  row(key, item) {
    const known = this.drawn.get(key);
    if (known?.item === item) return known.element;
    const element = this.make(item);
    const place = known ? buttons(known.element).indexOf(document.activeElement) : -1;
    known?.element.replaceWith(element);
    if (place >= 0) buttonAt(element, place).focus({ preventScroll: true });
    this.drawn.set(key, { item, element });
    return element;
  }

  /** Makes a row the one that can be reached by Tab. */
  enter(at) {
    if (at < 0 || at === this.entry || !this.items[at]) return;
    this.entry = at;
    this.draw();
  }

  /** Scrolls to a row. */
  reveal(at) {
    const { view, height } = this;
    const top = at * height;
    if (top < view.scrollTop) view.scrollTop = top;
    else if (top + height > view.scrollTop + view.clientHeight) view.scrollTop = top + height - view.clientHeight;
  }

  /** Moves the focus to a button of a row. */
  focus(at, place = 0) {
    if (!this.items[at]) return;
    this.entry = at;
    this.reveal(at);
    this.draw();
    const { element } = this.drawn.get(this.key(this.items[at])) ?? {};
    if (element) buttonAt(element, place).focus({ preventScroll: true });
  }

  walk(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const at = this.indexOf(event.target);
    const last = this.items.length - 1;
    const page = Math.max(1, Math.floor(this.view.clientHeight / this.height) - 1);
    const steps = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: last, PageDown: at + page, PageUp: Math.max(0, at - page) };
    const to = steps[event.key];
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    if (to < 0) this.above?.focus();
    else this.focus(Math.min(to, last));
  }
}

/** An element with a class and a text. */
export function element(name, className, text = '') {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}

/** A button with an icon and an accessible name; `path` is that of an SVG of 24 by 24. */
export function pictured(name, path, press) {
  const button = element('button', 'act');
  button.type = 'button';
  button.title = name;
  button.setAttribute('aria-label', name);
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  const line = svg.appendChild(document.createElementNS('http://www.w3.org/2000/svg', 'path'));
  line.setAttribute('d', path);
  button.append(svg);
  button.addEventListener('click', press);
  return button;
}
