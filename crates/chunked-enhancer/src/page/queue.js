// The queue: first the tracks that the user added, then those that follow the current track in the list.

/** Events: `change`. */
export class Queue extends EventTarget {
  constructor() {
    super();
    this.current = null;
    /** The tracks that were played or are before the current one in the list, the latest last. */
    this.past = [];
    /** The tracks to play: `{track, added}`, those that the user added first. */
    this.coming = [];
    this.numbers = 0;
  }

  /** An entry of the queue; a track may have several. */
  place(track, added) {
    this.numbers += 1;
    return { track, added, number: this.numbers };
  }

  changed(result) {
    this.dispatchEvent(new Event('change'));
    return result;
  }

  /** Plays the track `at` of a list, then the added tracks, then those after it in the list. */
  start(tracks, at) {
    this.current = tracks[at];
    this.past = tracks.slice(0, at);
    const rest = tracks.slice(at + 1).map((track) => this.place(track, false));
    this.coming = [...this.coming.filter(({ added }) => added), ...rest];
    return this.changed(this.current);
  }

  /** Adds a track at the beginning. */
  playNext(track) {
    this.coming.unshift(this.place(track, true));
    this.changed();
  }

  /** Adds a track after those that were added before. */
  add(track) {
    const rest = this.coming.findIndex(({ added }) => !added);
    this.coming.splice(rest < 0 ? this.coming.length : rest, 0, this.place(track, true));
    this.changed();
  }

  /** The next track, which is the current one then; null at the end. */
  next() {
    return this.coming.length ? this.jump(0) : null;
  }

  /** Continues with an entry of the queue; those before it are removed. */
  jump(at) {
    if (this.current) this.past.push(this.current);
    const [place] = this.coming.splice(0, at + 1).slice(-1);
    this.current = place.track;
    return this.changed(this.current);
  }

  /** The track before, which is the current one then; null at the beginning. */
  previous() {
    if (!this.past.length) return null;
    if (this.current) this.coming.unshift(this.place(this.current, false));
    this.current = this.past.pop();
    return this.changed(this.current);
  }

  /** Moves an entry up or down. It counts as added then, so that it stays. */
  move(at, by) {
    const to = at + by;
    if (!this.coming[at] || !this.coming[to]) return;
    const [place] = this.coming.splice(at, 1);
    this.coming.splice(to, 0, { ...place, added: place.added || Boolean(this.coming[to]?.added) });
    this.changed();
  }

  remove(at) {
    this.coming.splice(at, 1);
    this.changed();
  }

  clear() {
    this.coming = [];
    this.changed();
  }

  /** Removes a track that does not exist any more. */
  forget(id) {
    this.coming = this.coming.filter(({ track }) => track.id !== id);
    this.past = this.past.filter((track) => track.id !== id);
    this.changed();
  }
}
