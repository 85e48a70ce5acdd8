// Plays two versions of a track in step with one clock.
//
//   voices -> side.level -> side.fader -+-> trim -> volume -> gate -> out
//
// `base` is the frame of the context that corresponds to the first frame of the track. Both sides use it, so they cannot drift. A seek, a
// pause or an underrun stops the clock while the gate is closed; it starts again when enough is fetched.

import { ask } from './ask.js';
import { FRAME, HEADER_AT_MOST, readHeader } from './wav.js';
import { Fader, Voice } from './voice.js';

/** Seconds from now to the first frame that can still be changed: a ramp that began in the past would be a step. */
const LEAD = 0.015;
/** Seconds from now to the start of the clock: all buffers have to be scheduled by then. */
const START = 0.08;
/** Seconds of a ramp that is too short to be noticed as one, and long enough not to click. */
const RAMP = 0.01;
/** Seconds of the crossfade from one treatment to another. */
const FADE = 0.06;
/** Seconds that must be fetched to start, to start again after an underrun, and to change to another version. */
const ENOUGH = { start: 0.25, dry: 2, change: 0.2 };
/** Seconds left at which an underrun is assumed. */
const DRY = 0.2;
/** The inaudible version is fetched when the audible one has so many seconds. */
const FIRST_THINGS_FIRST = 2;
/** Milliseconds between two updates. */
const LOOK = 50;
/** Milliseconds of silence after which the context is suspended. */
const REST = 3000;
/** Milliseconds after which a context that does not run is reported. */
const WAKING = 2000;

const decibels = (db) => 10 ** (db / 20);

class Side {
  constructor(context, out, heard) {
    this.level = context.createGain();
    this.fader = new Fader(context, heard ? 1 : 0);
    this.level.connect(this.fader.node).connect(out);
    this.voice = null;
    /** The voice that replaces the current one as soon as enough of it is fetched. */
    this.next = null;
  }

  get voices() {
    return [this.voice, this.next].filter(Boolean);
  }
}

/** Events: `change` (playing, waiting, side), `ended`, `trouble` (detail: the error message, null when the error is over). */
export class Player extends EventTarget {
  constructor() {
    super();
    this.context = null;
    this.track = null;
    this.playing = false;
    this.want = 'mastered';
    this.heard = 'mastered';
    this.loudness = 0.8;
    this.levels = { original: 0, trim: 0 };
    this.base = null;
    this.goal = 0;
    this.need = ENOUGH.start;
    this.turn = 0;
    this.told = '';
    this.trouble = null;
    this.rehearsed = null;
    setInterval(() => this.look(), LOOK);
  }

  /** The frame that is played now. */
  get position() {
    if (!this.track) return 0;
    if (this.base === null) return this.goal;
    const frame = Math.round(this.context.currentTime * this.context.sampleRate) - this.base;
    return Math.min(this.track.frames, Math.max(this.goal, frame));
  }

  /** Whether it waits for enough sound to play. */
  get waiting() {
    return this.playing && this.base === null;
  }

  /**
   * Opens a track and plays it from its beginning.
   * @param {{id: string, sample_rate: number}} track As listed by the server.
   * @param {string} query The query of the mastered version.
   */
  async open({ id, sample_rate: rate }, query) {
    const turn = (this.turn += 1);
    this.close();
    this.playing = true;
    this.tell();
    // Browsers allow sound to begin only in the handler of a click or a key.
    if (this.context?.sampleRate !== rate) this.build(rate);
    this.wake();
    const url = `stream/${id}`;
    const headers = { Range: `bytes=0-${HEADER_AT_MOST - 1}` };
    const response = await ask(`${url}?intensity=0&bits=16`, { headers });
    const found = readHeader(await response.arrayBuffer());
    if (turn !== this.turn) return;
    if (found.rate !== rate) this.build(found.rate);
    this.track = { ...found, id, url, context: this.context };
    this.sides.original.voice = this.voice('original', 'intensity=0&bits=16', 0);
    this.sides.mastered.voice = this.voice('mastered', query, 0);
    this.look();
  }

  build(rate) {
    this.context?.close();
    this.context = new AudioContext({ sampleRate: rate, latencyHint: 'interactive' });
    this.trim = this.context.createGain();
    this.volume = this.context.createGain();
    this.volume.gain.value = this.loudness ** 2;
    this.gate = new Fader(this.context, 0);
    this.trim.connect(this.volume).connect(this.gate.node).connect(this.context.destination);
    const side = (name) => new Side(this.context, this.trim, this.heard === name);
    this.sides = { original: side('original'), mastered: side('mastered') };
    this.context.addEventListener('statechange', () => this.look());
    this.setLevels(this.levels);
  }

  voice(side, query, from) {
    const voice = new Voice(this.track, query, from, (grown, piece) => {
      if (piece && this.base !== null) grown.play(this.base, 0, [piece]);
      this.look();
    });
    voice.fader.node.connect(this.sides[side].level);
    return voice;
  }

  /** The first moment that can still be changed, in the context's seconds. */
  get now() {
    return this.context.currentTime + LEAD;
  }

  /** Stops, and releases the track. */
  close() {
    if (!this.track) return;
    const end = this.halt(0);
    for (const side of Object.values(this.sides)) {
      side.voices.forEach((voice) => voice.drop(end));
      side.voice = side.next = null;
    }
    this.track = null;
    this.report();
  }

  play() {
    this.playing = true;
    if (this.track && this.goal >= this.track.frames && this.base === null) this.seek(0);
    this.wake();
    this.look();
  }

  wake() {
    this.wokenAt = performance.now();
    this.context?.resume().catch(() => {});
  }

  pause() {
    this.playing = false;
    this.halt();
    this.tell();
  }

  /** Stops the clock at `goal`, or at the current frame; returns the time from which there is silence. */
  halt(goal = null) {
    this.quietSince = performance.now();
    if (!this.context) return 0;
    const end = this.gate.to(0, this.now, RAMP);
    if (this.base === null) {
      if (goal !== null) this.goal = goal;
      return end;
    }
    const here = Math.round((end - RAMP) * this.context.sampleRate) - this.base;
    this.goal = goal ?? Math.min(this.track.frames, Math.max(this.goal, here));
    for (const side of Object.values(this.sides)) side.voices.forEach((voice) => voice.hush(end));
    this.base = null;
    return end;
  }

  /** Seeks to a frame. */
  seek(frame) {
    if (!this.track) return;
    const goal = Math.round(Math.min(this.track.frames, Math.max(0, frame)));
    const end = this.halt(goal);
    this.need = ENOUGH.start;
    for (const [name, side] of Object.entries(this.sides)) {
      const latest = side.next ?? side.voice;
      if (!side.next && latest.ahead(goal) > 0) continue;
      const fresh = this.voice(name, latest.query, goal);
      side.voices.forEach((voice) => voice.drop(end));
      Object.assign(side, { voice: fresh, next: null });
    }
    this.look();
  }

  /** Changes the mastered version to another query, as soon as enough of it is fetched. */
  treat(query) {
    const side = this.sides?.mastered;
    if (!this.track || (side.next ?? side.voice).query === query) return;
    side.next?.drop(0);
    side.next = side.voice.query === query ? null : this.voice('mastered', query, this.position);
    this.look();
  }

  /** Makes the server begin with a treatment that the user may choose next. */
  rehearse(query) {
    if (!this.track || this.rehearsed === query) return;
    this.rehearsed = query;
    const at = this.track.header + Math.min(this.position, this.track.frames - 1) * FRAME;
    // Errors are ignored here: if the user chooses it, it is requested again.
    ask(`${this.track.url}?${query}`, { headers: { Range: `bytes=${at}-${at + FRAME - 1}` } }).catch(() => {});
  }

  /** Chooses the audible version. */
  choose(side) {
    this.want = side;
    this.look();
    this.tell();
  }

  /** Volume, 0 to 1. */
  setVolume(volume) {
    this.loudness = volume;
    if (this.context) this.volume.gain.setTargetAtTime(volume ** 2, this.now, 0.015);
  }

  /** Sets the gain of the original, which makes both versions equally loud, and that of both, which keeps them under full scale; decibels. */
  setLevels(levels) {
    this.levels = levels;
    if (!this.context) return;
    this.sides.original.level.gain.setTargetAtTime(decibels(levels.original), this.now, 0.03);
    this.trim.gain.setTargetAtTime(decibels(levels.trim), this.now, 0.1);
  }

  /** Fetches, starts, stops and changes versions as needed. */
  look() {
    if (!this.track) return;
    const position = this.position;
    const heard = () => this.sides[this.heard].voice;
    for (const [name, side] of Object.entries(this.sides)) {
      const first = name === this.heard || name === this.want || heard().ahead(position) > FIRST_THINGS_FIRST;
      // A voice that is being replaced has enough; its replacement is fetched.
      if (first) (side.next ?? side.voice).pump(position);
      if (side.next?.trouble && !side.next.trouble.passing) this.giveUp(side);
      this.change(side);
      side.voice.forget(position - this.context.sampleRate);
    }
    if (this.want !== this.heard) this.cross();
    if (this.base !== null) {
      if (position >= this.track.frames) return this.finish();
      if (heard().ahead(position) < DRY) {
        this.need = ENOUGH.dry;
        this.halt();
      }
    } else if (this.playing && this.context.state === 'running') {
      if (heard().ahead(this.goal) >= this.need) this.start();
    }
    const resting = !this.playing && performance.now() - this.quietSince > REST;
    if (resting && this.context.state === 'running') this.context.suspend();
    this.report();
    this.tell();
  }

  /** Starts the clock. */
  start() {
    const rate = this.context.sampleRate;
    const first = Math.ceil(Math.max(this.context.currentTime + START, this.gate.still) * rate);
    this.base = first - this.goal;
    for (const side of Object.values(this.sides)) {
      side.voice.fader.to(1, first / rate, 0);
      side.voices.forEach((voice) => voice.play(this.base, first));
    }
    this.gate.to(1, first / rate, this.goal === 0 ? 0 : RAMP);
    this.need = ENOUGH.start;
  }

  /** Replaces the voice of a side, if enough of the next one is fetched. */
  change(side) {
    const { voice, next } = side;
    if (!next) return;
    const at = Math.max(this.now, voice.fader.still, next.sounds ?? 0);
    if (!this.ready(next, at)) return;
    next.fader.to(1, at, FADE);
    voice.drop(this.base === null ? at : voice.fader.to(0, at, FADE));
    Object.assign(side, { voice: next, next: null });
  }

  /** Makes the chosen version audible. */
  cross() {
    const [from, to] = [this.sides[this.heard], this.sides[this.want]];
    const at = Math.max(this.now, from.fader.still, to.fader.still, to.voice.sounds ?? 0);
    if (this.base !== null && !this.ready(to.voice, at)) return;
    from.fader.to(0, at, RAMP);
    to.fader.to(1, at, RAMP);
    this.heard = this.want;
  }

  /** Whether enough of a voice is fetched to change to it at a time. */
  ready(voice, at) {
    if (this.base === null) return voice.ahead(this.goal) >= ENOUGH.change;
    const frame = Math.round(at * this.context.sampleRate) - this.base;
    return voice.sounds !== null && voice.ahead(frame) >= ENOUGH.change;
  }

  giveUp(side) {
    const { trouble } = side.next;
    side.next.drop(0);
    side.next = null;
    this.dispatchEvent(new CustomEvent('refused', { detail: trouble.message }));
  }

  finish() {
    this.halt(this.track.frames);
    this.playing = false;
    this.tell();
    this.dispatchEvent(new Event('ended'));
  }

  /** Dispatches an error once, and when it is over. */
  report() {
    const voices = this.track ? Object.values(this.sides).flatMap((side) => side.voices) : [];
    const asleep = this.playing && this.context?.state !== 'running' && performance.now() - this.wokenAt > WAKING;
    const trouble = asleep
      ? 'the browser does not let sound begin: press play, and see that there is a sound card'
      : (voices.map((voice) => voice.trouble).find(Boolean)?.message ?? null);
    if (trouble === this.trouble) return;
    this.trouble = trouble;
    this.dispatchEvent(new CustomEvent('trouble', { detail: trouble }));
  }

  tell() {
    const state = [this.playing, this.waiting, this.heard, this.want].join();
    if (state === this.told) return;
    this.told = state;
    this.dispatchEvent(new Event('change'));
  }
}
