// Uploads files that are dropped on the page or chosen with a button. The files are sent to the server one after the other.

import { json, send } from './ask.js';
import { element, iconButton } from './rows.js';

const REMOVE = 'M6 6l12 12M18 6L6 18';

/** 1500000 -> "1.4 MB". */
const megabytes = (bytes) => `${(bytes / 2 ** 20).toFixed(bytes < 10 * 2 ** 20 ? 1 : 0)} MB`;

export class UploadArea {
  /**
   * @param {{area, input, button, list, status}} parts The area that is shown during a drag; the file input and the button that
   * opens it; the list of files that are being sent; the status line.
   * @param received Called with the track of an upload, and whether it is the first track of the files that were chosen together.
   */
  constructor(parts, received) {
    Object.assign(this, { ...parts, received, waiting: [], busy: false });
    this.button.addEventListener('click', () => this.input.click());
    this.input.addEventListener('change', () => {
      this.enqueue([...this.input.files]);
      this.input.value = '';
    });
    const files = (event) => event.dataTransfer?.types.includes('Files');
    addEventListener('dragenter', (event) => {
      if (files(event) && !document.querySelector('dialog[open]')) this.area.hidden = false;
    });
    // The area covers the whole page, so a drag that leaves the area leaves the page.
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
      this.enqueue([...event.dataTransfer.files]);
    });
  }

  /** Queues files to be sent. */
  enqueue(files) {
    const batch = { received: 0 };
    for (const file of files) this.waiting.push(this.row(file, batch));
    this.sendAll();
  }

  row(file, batch) {
    const row = element('li', 'sending');
    const bar = document.createElement('progress');
    const state = element('span', 'faint', `waiting, ${megabytes(file.size)}`);
    bar.value = 0;
    bar.setAttribute('aria-label', `${file.name}, sent`);
    const stopping = new AbortController();
    const stop = iconButton(`Leave out ${file.name}`, REMOVE, () => {
      stopping.abort();
      this.waiting = this.waiting.filter((other) => other.row !== row);
      row.remove();
    });
    row.append(element('b', '', file.name), state, bar, stop);
    this.list.append(row);
    return { file, batch, row, bar, state, stopping };
  }

  async sendAll() {
    if (this.busy) return;
    this.busy = true;
    while (this.waiting.length) {
      const upload = this.waiting.shift();
      try {
        const track = await this.send(upload);
        upload.row.remove();
        this.status.textContent = `${upload.file.name} can be played.`;
        upload.batch.received += 1;
        this.received(track, upload.batch.received === 1);
      } catch (error) {
        if (error.name !== 'AbortError') this.fail(upload, error.message);
      }
    }
    this.busy = false;
  }

  async send({ file, bar, state, stopping }) {
    // This request makes the page ask for the token, if it is needed, before a file is sent.
    const { largest, endings } = await json('api/uploads');
    if (file.size > largest) throw new Error(`${megabytes(file.size)} is too large: at most ${megabytes(largest)} can be sent`);
    if (!endings.includes(file.name.split('.').pop().toLowerCase())) {
      throw new Error(`files of this kind cannot be read; supported extensions: ${endings.join(', ')}`);
    }
    const progress = (share) => {
      bar.value = share;
      state.textContent = share < 1 ? `${Math.floor(share * 100)} % of ${megabytes(file.size)}` : 'being read …';
    };
    return send(`api/uploads?name=${encodeURIComponent(file.name)}`, file, { signal: stopping.signal, progress });
  }

  fail({ file, row, bar, state }, reason) {
    bar.remove();
    row.classList.add('failed');
    state.textContent = reason.startsWith(`${file.name}: `) ? reason.slice(file.name.length + 2) : reason;
    this.status.textContent = `${file.name}: ${state.textContent}`;
  }
}
