// Shows the tracks of the library and the uploads, and reloads them at intervals.

import { ask } from './ask.js';
import { UploadArea } from './upload_area.js';
import { Faults } from './faults.js';
import { Tracks } from './tracks.js';

/** Milliseconds between two requests for the tracks: while there are no tracks, and afterwards. */
const RELOAD_INTERVALS = [2000, 60000];

const $ = (id) => document.getElementById(id);

/** Announces an action to screen readers. */
function announce(text) {
  $('status').textContent = text;
}

export class Library {
  /** @param attempt Runs a request that may fail. @param open Plays a track. */
  constructor(queue, attempt, open) {
    Object.assign(this, { attempt, reloadTimer: 0, latest: '' });
    this.tracks = new Tracks($('tracks'), $('search'), $('count'), {
      choose: (track) => {
        const { tracks, at } = this.tracks.playlist(track);
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
        queue.removeTrack(id);
        await attempt('library', () => ask(`api/uploads/${id}`, { method: 'DELETE' }));
        this.load();
      },
    });
    this.faults = new Faults($('faults'));
    const parts = { area: $('drop'), input: $('files'), button: $('try'), list: $('sending'), status: $('status') };
    new UploadArea(parts, (track, first) => {
      this.load();
      if (first) open(queue.start([track], 0));
      else queue.add(track);
    });
  }

  /** Loads the tracks now, and again at intervals. */
  async load() {
    clearTimeout(this.reloadTimer);
    const paths = ['api/tracks', 'api/uploads', 'api/status'];
    const found = await this.attempt('library', () => Promise.all(paths.map(async (path) => (await ask(path)).text())));
    clearTimeout(this.reloadTimer);
    const hasTracks = found && this.show(...found);
    this.reloadTimer = setTimeout(() => this.load(), RELOAD_INTERVALS[hasTracks ? 1 : 0]);
  }

  /** Shows the tracks; returns whether there are any. */
  show(tracksText, uploadsText, statusText) {
    const [tracks, uploads, { library }] = [tracksText, uploadsText, statusText].map((text) => JSON.parse(text));
    // An unchanged list is not drawn again.
    if (tracksText + uploadsText !== this.latest) this.tracks.set(uploads.tracks, tracks);
    this.latest = tracksText + uploadsText;
    this.faults.set(library, [...uploads.tracks, ...tracks]);
    const hasTracks = tracks.length + uploads.tracks.length > 0;
    if (!hasTracks) {
      $('count').textContent = library.scans ? `There is no music in ${library.root} yet.` : 'Reading the library …';
    }
    return hasTracks;
  }
}
