// Error messages that are shown until their cause is gone.

import { Refusal } from './ask.js';

export class Troubles {
  constructor(place) {
    Object.assign(this, { place, known: new Map() });
  }

  /** Shows the message of a source; none removes it. */
  set(source, text) {
    if (text) this.known.set(source, text);
    else this.known.delete(source);
    const all = [...new Set(this.known.values())].join(' · ');
    if (this.place.textContent !== all) this.place.textContent = all;
    this.place.hidden = !all;
  }

  /** Runs something that may fail: shows its error, and returns null then. An abort is no error. */
  async attempt(source, work) {
    try {
      const result = await work();
      this.set(source, null);
      return result;
    } catch (error) {
      if (error.name !== 'AbortError') this.set(source, error.message);
      if (!(error instanceof Refusal) && error.name !== 'AbortError') console.error(error);
      return null;
    }
  }
}
