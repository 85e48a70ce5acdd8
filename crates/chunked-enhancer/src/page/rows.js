// A list of any length. Only its visible rows are in the document. The style sheet sets the height of a row (--row-height) and computes
// its position from its index (--at).

/** The number of rows before and after the visible ones that are in the document too, for the next step of scrolling. */
const MARGIN_ROWS = 6;

const buttons = (row) => [...row.querySelectorAll('button')];
const buttonAt = (row, index) => buttons(row)[index] ?? buttons(row)[0];

export class Rows {
  /**
   * @param {HTMLOListElement} list The list; its parent scrolls.
   * @param {{key, make, above}} parts `key` returns the key of an item, which is the same when the item is loaded again. `make` returns
   * the row of an item, an `li` whose first button is the main one. `above` is the element that gets the focus when it leaves the list
   * at the top.
   */
  constructor(list, parts) {
    Object.assign(this, { list, view: list.parentElement, items: [], drawn: new Map(), ...parts });
    /** The index of the row that Tab reaches. This row stays in the document while it is not visible, because it may have the focus. */
    this.tabStop = 0;
    this.view.addEventListener('scroll', () => this.draw(), { passive: true });
    new ResizeObserver(() => this.draw()).observe(this.view);
    list.addEventListener('focusin', ({ target }) => this.setTabStop(this.indexOf(target)));
    list.addEventListener('keydown', (event) => this.onKey(event));
  }

  /** Shows these items. The row that Tab reaches and the focus stay on the same item. */
  set(items) {
    const known = this.items[this.tabStop];
    const focused = document.activeElement?.closest('li');
    const index = this.list.contains(focused) ? buttons(focused).indexOf(document.activeElement) : -1;
    const at = known === undefined ? -1 : items.findIndex((item) => this.key(item) === this.key(known));
    this.items = items;
    this.list.style.setProperty('--rows', items.length);
    this.tabStop = Math.max(0, at >= 0 ? at : Math.min(this.tabStop, items.length - 1));
    this.draw();
    if (index >= 0 && !this.list.contains(document.activeElement)) this.focus(this.tabStop, index);
  }

  /** Draws all rows again. */
  refresh() {
    this.drawn.forEach((row) => (row.item = null));
    this.draw();
  }

  /** The index of the row that contains an element; -1 when there is none. */
  indexOf(element) {
    const row = element.closest('li');
    return row && row.parentElement === this.list ? Number(row.dataset.at) : -1;
  }

  /** The height of a row in pixels. */
  get height() {
    return this.items.length ? this.list.offsetHeight / this.items.length : 1;
  }

  draw() {
    const { items, view, height, drawn } = this;
    // A hidden list has no height. It is drawn when it is shown.
    if (!height) return;
    const first = Math.max(0, Math.floor(view.scrollTop / height) - MARGIN_ROWS);
    const end = Math.min(items.length, Math.ceil((view.scrollTop + view.clientHeight) / height) + MARGIN_ROWS);
    const indices = Array.from({ length: Math.max(0, end - first) }, (_, n) => first + n);
    if (items.length && this.tabStop < first) indices.unshift(this.tabStop);
    if (items.length && this.tabStop >= end) indices.push(this.tabStop);
    const keys = new Map(indices.map((at) => [this.key(items[at]), at]));
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
      for (const button of buttons(element)) button.tabIndex = at === this.tabStop ? 0 : -1;
      // A row that is at its place already is not moved, because it would lose the focus.
      const current = before ? before.nextElementSibling : this.list.firstElementChild;
      if (current !== element) this.list.insertBefore(element, current);
      before = element;
    }
  }

  /** The row of an item. It is made when it does not exist or its item has changed. */
  row(key, item) {
    const known = this.drawn.get(key);
    if (known?.item === item) return known.element;
    const element = this.make(item);
    const index = known ? buttons(known.element).indexOf(document.activeElement) : -1;
    known?.element.replaceWith(element);
    if (index >= 0) buttonAt(element, index).focus({ preventScroll: true });
    this.drawn.set(key, { item, element });
    return element;
  }

  /** Makes a row the one that Tab reaches. */
  setTabStop(at) {
    if (at < 0 || at === this.tabStop || !this.items[at]) return;
    this.tabStop = at;
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
  focus(at, index = 0) {
    if (!this.items[at]) return;
    this.tabStop = at;
    this.reveal(at);
    this.draw();
    const { element } = this.drawn.get(this.key(this.items[at])) ?? {};
    if (element) buttonAt(element, index).focus({ preventScroll: true });
  }

  onKey(event) {
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

/** A button with an icon and an accessible name. `path` is the path of an SVG of 24 by 24. */
export function iconButton(name, path, onClick) {
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
  button.addEventListener('click', onClick);
  return button;
}
