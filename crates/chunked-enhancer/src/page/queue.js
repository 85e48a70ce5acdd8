// What plays next: what was put into the queue, and behind it what follows in the list a track was chosen from.

/** Events: `change`. */
export class Queue extends EventTarget {
  constructor() {
    super();
    this.current = null;
    /** What was played or lies ahead of the current track in the list, the latest last. */
    this.past = [];
    /** What will be played: `{track, added}`, those that somebody added first. */
    this.coming = [];
    this.numbers = 0;
  }

  /** A place of the queue; a track may have several. */
  place(track, added) {
    this.numbers += 1;
    return { track, added, number: this.numbers };
  }

  told(result) {
    this.dispatchEvent(new Event('change'));
    return result;
  }

  /** Plays the track `at` of a list, and then those behind it; what was added stays ahead of them. */
  start(tracks, at) {
    this.current = tracks[at];
    this.past = tracks.slice(0, at);
    const rest = tracks.slice(at + 1).map((track) => this.place(track, false));
    this.coming = [...this.coming.filter(({ added }) => added), ...rest];
    return this.told(this.current);
  }

  /** Puts a track ahead of all. */
  playNext(track) {
    this.coming.unshift(this.place(track, true));
    this.told();
  }

  /** Puts a track behind what was added before. */
  add(track) {
    const rest = this.coming.findIndex(({ added }) => !added);
    this.coming.splice(rest < 0 ? this.coming.length : rest, 0, this.place(track, true));
    this.told();
  }

  /** The next track, which is the current one then; null at the end. */
  next() {
    return this.coming.length ? this.jump(0) : null;
  }

  /** Goes on with a place of the queue; what lies ahead of it is left out. */
  jump(at) {
    if (this.current) this.past.push(this.current);
    const [place] = this.coming.splice(0, at + 1).slice(-1);
    this.current = place.track;
    return this.told(this.current);
  }

  /** The track before, which is the current one then; null at the beginning. */
  previous() {
    if (!this.past.length) return null;
    if (this.current) this.coming.unshift(this.place(this.current, false));
    this.current = this.past.pop();
    return this.told(this.current);
  }

  /** Moves a place up or down; it counts as added then, so that it stays. */
  move(at, by) {
    const to = at + by;
    if (!this.coming[at] || !this.coming[to]) return;
    const [place] = this.coming.splice(at, 1);
    this.coming.splice(to, 0, { ...place, added: place.added || Boolean(this.coming[to]?.added) });
    this.told();
  }

  remove(at) {
    this.coming.splice(at, 1);
    this.told();
  }

  clear() {
    this.coming = [];
    this.told();
  }

  /** Leaves out a track that is there no more. */
  forget(id) {
    this.coming = this.coming.filter(({ track }) => track.id !== id);
    this.past = this.past.filter((track) => track.id !== id);
    this.told();
  }
}
