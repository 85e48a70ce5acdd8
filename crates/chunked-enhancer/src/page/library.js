// The library and what was sent to be tried, looked for again and again, and chosen from.

import { ask } from './ask.js';
import { Drop } from './drop.js';
import { Faults } from './faults.js';
import { Tracks } from './tracks.js';

/** Milliseconds between looks for new tracks, while there are none and else. */
const AGAIN = [2000, 60000];

const $ = (id) => document.getElementById(id);

/** Says what was done to who does not see it. */
function told(text) {
  $('status').textContent = text;
}

export class Library {
  /** @param attempt Does what may be refused. @param open Plays a track. */
  constructor(queue, attempt, open) {
    Object.assign(this, { attempt, looking: 0, latest: '' });
    this.tracks = new Tracks($('tracks'), $('search'), $('count'), {
      choose: (track) => {
        const { tracks, at } = this.tracks.around(track);
        open(queue.start(tracks, at));
      },
      next: (track) => {
        queue.playNext(track);
        told(`“${track.title}” plays next.`);
      },
      add: (track) => {
        queue.add(track);
        told(`“${track.title}” is in the queue.`);
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

  /** Looks for what there is, now and again later. */
  async look() {
    clearTimeout(this.looking);
    const paths = ['api/tracks', 'api/uploads', 'api/status'];
    const found = await this.attempt('library', () => Promise.all(paths.map(async (path) => (await ask(path)).text())));
    clearTimeout(this.looking);
    const some = found && this.show(...found);
    this.looking = setTimeout(() => this.look(), AGAIN[some ? 1 : 0]);
  }

  /** Shows what was found; tells whether that is anything. */
  show(tracksText, uploadsText, statusText) {
    const [tracks, uploads, { library }] = [tracksText, uploadsText, statusText].map((text) => JSON.parse(text));
    // What has not changed is not drawn anew.
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
