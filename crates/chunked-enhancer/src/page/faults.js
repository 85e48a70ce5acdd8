// Files that are damaged or cannot be read, with the reasons.

import { element } from './rows.js';

/** Files that are listed, at most: more of them usually have the same reason. */
const MOST = 500;

export class Faults {
  /** @param {HTMLDetailsElement} section Its summary has the numbers; its list is drawn when it is opened. */
  constructor(section) {
    Object.assign(this, { section, files: [] });
    this.list = section.querySelector('ul');
    section.addEventListener('toggle', () => this.draw());
  }

  /** Shows the unreadable files of the library, and the damaged tracks. */
  set({ root, unreadable }, tracks) {
    const short = (text) => text.replaceAll(`${root}/`, '');
    const damaged = tracks.filter(({ warnings }) => warnings.length);
    const file = (mark) => ({ path, problem, warnings }) => ({ path, mark, reason: short(problem ?? warnings.join('; ')) });
    this.files = [...unreadable.map(file('left out')), ...damaged.map(file('damaged'))];
    const count = (number, what) => (number ? `${number} ${number === 1 ? 'file' : 'files'} ${what}` : '');
    const told = [count(unreadable.length, 'cannot be read'), count(damaged.length, 'damaged')].filter(Boolean).join(', ');
    this.section.querySelector('summary').textContent = told;
    this.section.hidden = !told;
    this.draw();
  }

  draw() {
    if (!this.section.open) return;
    const rows = this.files.slice(0, MOST).map(({ path, mark, reason }) => {
      const row = element('li', '');
      row.append(element('span', mark === 'damaged' ? 'note damaged' : 'note bad', mark), ' ', element('b', '', path));
      row.append(element('span', 'faint', reason));
      return row;
    });
    if (this.files.length > MOST) rows.push(element('li', 'faint', `and ${this.files.length - MOST} more: GET api/status`));
    this.list.replaceChildren(...rows);
  }
}
