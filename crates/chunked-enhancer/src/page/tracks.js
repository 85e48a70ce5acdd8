// The list of tracks, with search and keyboard control.

import { Rows, iconButton } from './rows.js';
import { trackRow } from './row.js';

const NEXT = 'M4 6h16M4 12h7M4 18h7M15 15l3-3 3 3M18 12v8';
const ADD = 'M4 6h16M4 12h16M4 18h7M15 18h6M18 15v6';
const REMOVE = 'M6 6l12 12M18 6L6 18';

/** The text in lower case and without accents. */
const fold = (text) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

export class Tracks {
  /** @param actions `choose(track)`, `next(track)` and `add(track)` for the queue, `remove(track)` for uploads. */
  constructor(list, search, count, actions) {
    Object.assign(this, { list, search, count, actions, entries: [], shown: [], current: null });
    const make = ({ track, isUpload }) => this.row(track, isUpload);
    this.rows = new Rows(list, { key: ({ track }) => track.id, make, above: search });
    list.addEventListener('click', ({ target }) => {
      if (target.closest('.track')) actions.choose(this.shown[this.rows.indexOf(target)].track);
    });
    list.addEventListener('keydown', (event) => {
      const { track } = this.shown[this.rows.indexOf(event.target)] ?? {};
      if (!track || event.key.toLowerCase() !== 'a' || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      if (event.shiftKey) actions.next(track);
      else actions.add(track);
    });
    search.addEventListener('input', () => this.filter());
    search.addEventListener('keydown', (event) => {
      if (event.key === 'ArrowDown') this.rows.focus(0);
      if (event.key === 'Enter' && this.shown.length) actions.choose(this.shown[0].track);
      if (event.key === 'Escape') {
        search.value = '';
        this.filter();
        search.blur();
      }
    });
  }

  /** Shows the uploads, then the tracks of the library. */
  set(uploads, tracks) {
    const entry = (track, isUpload) => {
      const text = fold([track.title, track.artist, track.album, track.path].filter(Boolean).join(' '));
      return { track, isUpload, text };
    };
    this.entries = [...uploads.map((track) => entry(track, true)), ...tracks.map((track) => entry(track, false))];
    this.filter();
  }

  row(track, isUpload) {
    const { next, add, remove } = this.actions;
    const buttons = [
      iconButton(`Play “${track.title}” next`, NEXT, () => next(track)),
      iconButton(`Add “${track.title}” to the queue`, ADD, () => add(track)),
    ];
    if (isUpload) buttons.push(iconButton(`Remove “${track.title}” from the server`, REMOVE, () => remove(track)));
    return trackRow(track, { current: track.id === this.current, note: isUpload ? 'upload' : '', buttons });
  }

  filter() {
    const words = fold(this.search.value).split(/\s+/).filter(Boolean);
    this.shown = words.length ? this.entries.filter(({ text }) => words.every((word) => text.includes(word))) : this.entries;
    const all = `${this.entries.length.toLocaleString('en')} track${this.entries.length === 1 ? '' : 's'}`;
    this.count.textContent = words.length ? `${this.shown.length.toLocaleString('en')} of ${all}` : all;
    this.rows.view.scrollTop = words.join(' ') === this.words ? this.rows.view.scrollTop : 0;
    this.words = words.join(' ');
    this.rows.set(this.shown);
  }

  /** Marks the track that is played. */
  markPlaying(id) {
    this.current = id;
    this.rows.refresh();
    if (!this.list.contains(document.activeElement)) this.rows.setTabStop(this.shown.findIndex(({ track }) => track.id === id));
  }

  /** The shown tracks in their order, and the index of `track` among them. */
  playlist(track) {
    const tracks = this.shown.map((entry) => entry.track);
    return { tracks, at: tracks.findIndex(({ id }) => id === track.id) };
  }
}
