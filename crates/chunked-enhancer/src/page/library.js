// The library and the uploads, which are loaded again from time to time.

import { ask } from './ask.js';
import { Drop } from './drop.js';
import { Faults } from './faults.js';
import { Tracks } from './tracks.js';

/** Milliseconds between two requests for the tracks: while there are none, and otherwise. */
const AGAIN = [2000, 60000];

const $ = (id) => document.getElementById(id);

/** Announces an action to screen readers. */
function announce(text) {
  $('status').textContent = text;
}

export class Library {
  /** @param attempt Runs a request that may fail. @param open Plays a track. */
  constructor(queue, attempt, open) {
    Object.assign(this, { attempt, looking: 0, latest: '' });
    this.tracks = new Tracks($('tracks'), $('search'), $('count'), {
      choose: (track) => {
        const { tracks, at } = this.tracks.around(track);
        open(queue.start(tracks, at));
      },
      next: (track) => {
        queue.playNext(track);
        announce(`“${track.title}” plays next.`);
      },
      add: (track) => {
        queue.add(track);
        announce(`“${track.title}” is in the queue.`);
      },
      remove: async ({ id }) => {
        queue.forget(id);
        await attempt('library', () => ask(`api/uploads/${id}`, { method: 'DELETE' }));
        this.look();
      },
    });
    this.faults = new Faults($('faults'));
    const parts = { area: $('drop'), input: $('files'), button: $('try'), list: $('sending'), status: $('status') };
    new Drop(parts, (track, first) => {
      this.look();
      if (first) open(queue.start([track], 0));
      else queue.add(track);
    });
  }

  /** Loads the tracks now, and again later. */
  async look() {
    clearTimeout(this.looking);
    const paths = ['api/tracks', 'api/uploads', 'api/status'];
    const found = await this.attempt('library', () => Promise.all(paths.map(async (path) => (await ask(path)).text())));
    clearTimeout(this.looking);
    const some = found && this.show(...found);
    this.looking = setTimeout(() => this.look(), AGAIN[some ? 1 : 0]);
  }

  /** Shows the tracks; returns whether there are any. */
  show(tracksText, uploadsText, statusText) {
    const [tracks, uploads, { library }] = [tracksText, uploadsText, statusText].map((text) => JSON.parse(text));
    // An unchanged list is not drawn again.
    if (tracksText + uploadsText !== this.latest) this.tracks.set(uploads.tracks, tracks);
    this.latest = tracksText + uploadsText;
    this.faults.set(library, [...uploads.tracks, ...tracks]);
    const some = tracks.length + uploads.tracks.length > 0;
    if (!some) {
      $('count').textContent = library.scans ? `There is no music in ${library.root} yet.` : 'Reading the library …';
    }
    return some;
  }
}
