// Lists the files that are damaged or cannot be read, with the reasons.

import { element } from './rows.js';

/** The most files that are listed: further files usually have the same reason. */
const MAX_LISTED = 500;

export class Faults {
  /** @param {HTMLDetailsElement} section The summary has the numbers of files. The list is drawn when the section is opened. */
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
    const summary = [count(unreadable.length, 'cannot be read'), count(damaged.length, 'damaged')].filter(Boolean).join(', ');
    this.section.querySelector('summary').textContent = summary;
    this.section.hidden = !summary;
    this.draw();
  }

  draw() {
    if (!this.section.open) return;
    const rows = this.files.slice(0, MAX_LISTED).map(({ path, mark, reason }) => {
      const row = element('li', '');
      row.append(element('span', mark === 'damaged' ? 'note damaged' : 'note bad', mark), ' ', element('b', '', path));
      row.append(element('span', 'faint', reason));
      return row;
    });
    if (this.files.length > MAX_LISTED) rows.push(element('li', 'faint', `and ${this.files.length - MAX_LISTED} more: GET api/status`));
    this.list.replaceChildren(...rows);
  }
}
