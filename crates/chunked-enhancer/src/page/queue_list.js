// The list of the queue. Its entries are played, moved and removed with the mouse or the keyboard.

import { Rows, iconButton } from './rows.js';
import { trackRow } from './row.js';

const UP = 'M12 19V5M6 11l6-6 6 6';
const DOWN = 'M12 5v14M6 13l6 6 6-6';
const REMOVE = 'M6 6l12 12M18 6L6 18';

export class QueueList {
  /** @param play Called with the index of the chosen entry. */
  constructor(queue, { list, count, clear, tab }, play) {
    Object.assign(this, { queue, list, count, clear, tab });
    const make = ({ track, added }) => this.row(track, added);
    this.rows = new Rows(list, { key: ({ number }) => number, make, above: clear });
    list.addEventListener('click', ({ target }) => {
      if (target.closest('.track')) play(this.rows.indexOf(target));
    });
    list.addEventListener('keydown', (event) => this.onKey(event));
    clear.addEventListener('click', () => {
      queue.clear();
      tab.focus();
    });
    queue.addEventListener('change', () => this.show());
    this.show();
  }

  row(track, added) {
    const at = (event) => this.rows.indexOf(event.target);
    const buttons = [
      iconButton(`Move “${track.title}” up`, UP, (event) => this.move(at(event), -1)),
      iconButton(`Move “${track.title}” down`, DOWN, (event) => this.move(at(event), 1)),
      iconButton(`Remove “${track.title}” from the queue`, REMOVE, (event) => this.queue.remove(at(event))),
    ];
    return trackRow(track, { note: added ? 'added' : '', buttons });
  }

  move(at, by) {
    const { tabStop } = this.rows;
    this.queue.move(at, by);
    if (tabStop === at && this.queue.upcoming[at + by]) this.rows.reveal(at + by);
  }

  /** Alt with an arrow moves a row, Delete removes it. */
  onKey(event) {
    const at = this.rows.indexOf(event.target);
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (event.altKey && by) this.move(at, by);
    else if (event.key === 'Delete' || event.key === 'Backspace') this.queue.remove(at);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  show() {
    const { upcoming } = this.queue;
    const number = upcoming.length.toLocaleString('en');
    this.tab.querySelector('b').textContent = upcoming.length ? number : '';
    this.count.textContent = upcoming.length
      ? `${number} in the queue`
      : 'The queue is empty. When a track is chosen, the tracks after it in the list are added here. Add others with A or the buttons of a track.';
    this.clear.hidden = !upcoming.length;
    // A row is drawn again only when its item has changed.
    this.rows.set([...upcoming]);
  }
}
