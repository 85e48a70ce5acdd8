// The queue of tracks to play: first the tracks that the user added, then the tracks after the current one in the list.

/** Events: `change`. */
export class Queue extends EventTarget {
  constructor() {
    super();
    this.current = null;
    /** The tracks that were played or come before the current one in the list, the latest last. */
    this.past = [];
    /** The entries to play: `{track, added, number}`. Entries that the user added come first. */
    this.upcoming = [];
    this.lastNumber = 0;
  }

  /** A new entry of the queue. A track may have several entries. */
  newEntry(track, added) {
    this.lastNumber += 1;
    return { track, added, number: this.lastNumber };
  }

  changed(result) {
    this.dispatchEvent(new Event('change'));
    return result;
  }

  /** Makes the track at index `at` of a list the current one. The added tracks follow, then the tracks after it in the list. */
  start(tracks, at) {
    this.current = tracks[at];
    this.past = tracks.slice(0, at);
    const rest = tracks.slice(at + 1).map((track) => this.newEntry(track, false));
    this.upcoming = [...this.upcoming.filter(({ added }) => added), ...rest];
    return this.changed(this.current);
  }

  /** Adds a track at the beginning of the queue. */
  playNext(track) {
    this.upcoming.unshift(this.newEntry(track, true));
    this.changed();
  }

  /** Adds a track after the tracks that were added before. */
  add(track) {
    const rest = this.upcoming.findIndex(({ added }) => !added);
    this.upcoming.splice(rest < 0 ? this.upcoming.length : rest, 0, this.newEntry(track, true));
    this.changed();
  }

  /** Makes the next track the current one, and returns it; null at the end of the queue. */
  next() {
    return this.upcoming.length ? this.jump(0) : null;
  }

  /** Makes the track of an entry the current one, and returns it. The entries before it are removed. */
  jump(at) {
    if (this.current) this.past.push(this.current);
    const [entry] = this.upcoming.splice(0, at + 1).slice(-1);
    this.current = entry.track;
    return this.changed(this.current);
  }

  /** Makes the previous track the current one, and returns it; null at the beginning. */
  previous() {
    if (!this.past.length) return null;
    if (this.current) this.upcoming.unshift(this.newEntry(this.current, false));
    this.current = this.past.pop();
    return this.changed(this.current);
  }

  /** Moves an entry up or down. Between added entries it counts as added too. */
  move(at, by) {
    const to = at + by;
    if (!this.upcoming[at] || !this.upcoming[to]) return;
    const [entry] = this.upcoming.splice(at, 1);
    this.upcoming.splice(to, 0, { ...entry, added: entry.added || Boolean(this.upcoming[to]?.added) });
    this.changed();
  }

  remove(at) {
    this.upcoming.splice(at, 1);
    this.changed();
  }

  clear() {
    this.upcoming = [];
    this.changed();
  }

  /** Removes all entries of a track that no longer exists. */
  removeTrack(id) {
    this.upcoming = this.upcoming.filter(({ track }) => track.id !== id);
    this.past = this.past.filter((track) => track.id !== id);
    this.changed();
  }
}
