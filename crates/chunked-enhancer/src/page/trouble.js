// What is wrong, in words, until it is over.

import { Refusal } from './ask.js';

export class Troubles {
  constructor(place) {
    Object.assign(this, { place, known: new Map() });
  }

  /** Shows what is wrong until the same source says that it is over. */
  set(source, text) {
    if (text) this.known.set(source, text);
    else this.known.delete(source);
    const all = [...new Set(this.known.values())].join(' · ');
    if (this.place.textContent !== all) this.place.textContent = all;
    this.place.hidden = !all;
  }

  /** Does something that may be refused, and gives null then; being called off is no trouble. */
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
