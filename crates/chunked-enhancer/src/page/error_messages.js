// Shows error messages until their causes are gone.

import { Refusal } from './ask.js';

export class ErrorMessages {
  /** @param element The element that shows the messages. */
  constructor(element) {
    Object.assign(this, { element, messages: new Map() });
  }

  /** Shows the message of a source. Without a text the message of the source is removed. */
  set(source, text) {
    if (text) this.messages.set(source, text);
    else this.messages.delete(source);
    const all = [...new Set(this.messages.values())].join(' · ');
    if (this.element.textContent !== all) this.element.textContent = all;
    this.element.hidden = !all;
  }

  /** Runs work that may fail and returns its result. On an error it shows the error and returns null. An abort is not shown. */
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
