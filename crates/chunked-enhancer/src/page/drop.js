// Files that are dropped on the page, or chosen by a button: sent to the server one after the other, to be tried.

import { json, send } from './ask.js';
import { element, pictured } from './rows.js';

const REMOVE = 'M6 6l12 12M18 6L6 18';

/** 1500000 -> "1.4 MB". */
const megabytes = (bytes) => `${(bytes / 2 ** 20).toFixed(bytes < 10 * 2 ** 20 ? 1 : 0)} MB`;

export class Drop {
  /**
   * @param {{area, input, button, list, status}} parts What is shown while something is dragged over the page; the field and the
   * button that choose files; where files that are being sent are listed; where it is told what became of them.
   * @param received Called with the track that a file became, and whether it is the first of those that came together and are music.
   */
  constructor(parts, received) {
    Object.assign(this, { ...parts, received, waiting: [], busy: false });
    this.button.addEventListener('click', () => this.input.click());
    this.input.addEventListener('change', () => {
      this.take([...this.input.files]);
      this.input.value = '';
    });
    const files = (event) => event.dataTransfer?.types.includes('Files');
    addEventListener('dragenter', (event) => {
      if (files(event) && !document.querySelector('dialog[open]')) this.area.hidden = false;
    });
    // It lies over all of the page: what leaves it leaves the page.
    this.area.addEventListener('dragleave', () => (this.area.hidden = true));
    addEventListener('dragover', (event) => {
      if (!files(event)) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = this.area.hidden ? 'none' : 'copy';
    });
    addEventListener('drop', (event) => {
      if (!files(event)) return;
      event.preventDefault();
      if (this.area.hidden) return;
      this.area.hidden = true;
      this.take([...event.dataTransfer.files]);
    });
  }

  /** Sends files behind those that are being sent. */
  take(files) {
    const together = { received: 0 };
    for (const file of files) this.waiting.push(this.row(file, together));
    this.work();
  }

  row(file, together) {
    const row = element('li', 'sending');
    const bar = document.createElement('progress');
    const told = element('span', 'faint', `waits, ${megabytes(file.size)}`);
    bar.value = 0;
    bar.setAttribute('aria-label', `${file.name}, sent`);
    const stopping = new AbortController();
    const stop = pictured(`Leave out ${file.name}`, REMOVE, () => {
      stopping.abort();
      this.waiting = this.waiting.filter((other) => other.row !== row);
      row.remove();
    });
    row.append(element('b', '', file.name), told, bar, stop);
    this.list.append(row);
    return { file, together, row, bar, told, stopping };
  }

  async work() {
    if (this.busy) return;
    this.busy = true;
    while (this.waiting.length) {
      const one = this.waiting.shift();
      try {
        const track = await this.send(one);
        one.row.remove();
        this.status.textContent = `${one.file.name} can be heard.`;
        one.together.received += 1;
        this.received(track, one.together.received === 1);
      } catch (error) {
        if (error.name !== 'AbortError') this.fail(one, error.message);
      }
    }
    this.busy = false;
  }

  async send({ file, bar, told, stopping }) {
    // It asks for the token, where one is needed, before a file is on its way.
    const { largest, endings } = await json('api/uploads');
    if (file.size > largest) throw new Error(`${megabytes(file.size)} are too many: at most ${megabytes(largest)} can be sent`);
    if (!endings.includes(file.name.split('.').pop().toLowerCase())) {
      throw new Error(`its name is not that of music that can be read: ${endings.join(', ')}`);
    }
    const progress = (share) => {
      bar.value = share;
      told.textContent = share < 1 ? `${Math.floor(share * 100)} % of ${megabytes(file.size)}` : 'is read …';
    };
    return send(`api/uploads?name=${encodeURIComponent(file.name)}`, file, { signal: stopping.signal, progress });
  }

  fail({ file, row, bar, told }, reason) {
    bar.remove();
    row.classList.add('failed');
    told.textContent = reason.startsWith(`${file.name}: `) ? reason.slice(file.name.length + 2) : reason;
    this.status.textContent = `${file.name}: ${told.textContent}`;
  }
}
