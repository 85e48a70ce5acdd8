// Plays two versions of a track in step with one clock.
//
//   voices -> side.gain -> side.fader -+-> trim -> volume -> gate -> out
//
// `base` is the frame of the context that corresponds to the first frame of the track. Both sides use it, so they cannot drift apart. A
// seek, a pause or an underrun closes the gate and stops the clock. The clock starts again when enough frames are fetched.

import { ask } from './ask.js';
import { FRAME, HEADER_AT_MOST, readHeader } from './wav.js';
import { Fader, Voice } from './voice.js';

/** Seconds from now to the beginning of a ramp. A ramp that began in the past would be a step. */
const RAMP_LEAD = 0.015;
/** Seconds from now to the start of the clock. During this time all buffers are scheduled. */
const START_LEAD = 0.08;
/** Seconds of a ramp that is too short to be noticed and long enough not to click. */
const RAMP = 0.01;
/** Seconds of the crossfade from one treatment to another. */
const FADE = 0.06;
/** Seconds that must be fetched before playback starts, before it starts again after an underrun, and before a change of version. */
const ENOUGH = { start: 0.25, underrun: 2, change: 0.2 };
/** When fewer seconds than this are fetched, playback stops as at an underrun. */
const UNDERRUN = 0.2;
/** The inaudible version is fetched while the audible one has more fetched seconds than these. */
const AUDIBLE_FIRST = 2;
/** Milliseconds between two updates. */
const UPDATE_INTERVAL = 50;
/** Milliseconds of silence after which the context is suspended. */
const SUSPEND_AFTER = 3000;
/** When the context does not run this many milliseconds after it was resumed, an error is shown. */
const RESUME_TIMEOUT = 2000;

const decibels = (db) => 10 ** (db / 20);

/** One version of the track: its gain, its fader and its voices. */
class Side {
  constructor(context, out, audible) {
    this.gain = context.createGain();
    this.fader = new Fader(context, audible ? 1 : 0);
    this.gain.connect(this.fader.node).connect(out);
    this.voice = null;
    /** The voice that replaces the current one as soon as enough of its frames are fetched. */
    this.next = null;
  }

  get voices() {
    return [this.voice, this.next].filter(Boolean);
  }
}

/**
 * Events: `change` (of `playing`, `waiting` or the version), `ended`, `failure` (detail: the error message; null when the error is
 * over), `refused` (detail: why a new version cannot be played).
 */
export class Player extends EventTarget {
  constructor() {
    super();
    this.context = null;
    this.track = null;
    this.playing = false;
    /** The version that the user has chosen. */
    this.want = 'mastered';
    /** The version that is audible. */
    this.audible = 'mastered';
    this.loudness = 0.8;
    this.levels = { original: 0, trim: 0 };
    this.base = null;
    /** The frame from which playback starts when the clock starts. */
    this.startFrame = 0;
    /** Seconds that must be fetched before the clock starts. */
    this.neededSeconds = ENOUGH.start;
    /** The number of calls of `open`. When another call has followed, an earlier one stops. */
    this.openCount = 0;
    this.announcedState = '';
    this.reportedError = null;
    this.preparedQuery = null;
    setInterval(() => this.update(), UPDATE_INTERVAL);
  }

  /** The frame that is played now. */
  get position() {
    if (!this.track) return 0;
    if (this.base === null) return this.startFrame;
    const frame = Math.round(this.context.currentTime * this.context.sampleRate) - this.base;
    return Math.min(this.track.frames, Math.max(this.startFrame, frame));
  }

  /** Whether playback waits until enough frames are fetched. */
  get waiting() {
    return this.playing && this.base === null;
  }

  /**
   * Opens a track and plays it from its beginning.
   * @param {{id: string, sample_rate: number}} track As listed by the server.
   * @param {string} query The query of the mastered version.
   */
  async open({ id, sample_rate: rate }, query) {
    const count = (this.openCount += 1);
    this.close();
    this.playing = true;
    this.announce();
    // Browsers allow a page to start sound only in the handler of a click or a key.
    if (this.context?.sampleRate !== rate) this.build(rate);
    this.resume();
    const url = `stream/${id}`;
    const headers = { Range: `bytes=0-${HEADER_AT_MOST - 1}` };
    const response = await ask(`${url}?intensity=0&bits=16`, { headers });
    const found = readHeader(await response.arrayBuffer());
    if (count !== this.openCount) return;
    if (found.rate !== rate) this.build(found.rate);
    this.track = { ...found, id, url, context: this.context };
    this.sides.original.voice = this.voice('original', 'intensity=0&bits=16', 0);
    this.sides.mastered.voice = this.voice('mastered', query, 0);
    this.update();
  }

  build(rate) {
    this.context?.close();
    this.context = new AudioContext({ sampleRate: rate, latencyHint: 'interactive' });
    this.trim = this.context.createGain();
    this.volume = this.context.createGain();
    this.volume.gain.value = this.loudness ** 2;
    this.gate = new Fader(this.context, 0);
    this.trim.connect(this.volume).connect(this.gate.node).connect(this.context.destination);
    const side = (name) => new Side(this.context, this.trim, this.audible === name);
    this.sides = { original: side('original'), mastered: side('mastered') };
    this.context.addEventListener('statechange', () => this.update());
    this.setLevels(this.levels);
  }

  voice(side, query, from) {
    const voice = new Voice(this.track, query, from, (changed, span) => {
      if (span && this.base !== null) changed.play(this.base, 0, [span]);
      this.update();
    });
    voice.fader.node.connect(this.sides[side].gain);
    return voice;
  }

  /** The earliest time at which a ramp can begin, in the context's seconds. */
  get rampTime() {
    return this.context.currentTime + RAMP_LEAD;
  }

  /** Stops playback, and releases the track. */
  close() {
    if (!this.track) return;
    const end = this.stopClock(0);
    for (const side of Object.values(this.sides)) {
      side.voices.forEach((voice) => voice.close(end));
      side.voice = side.next = null;
    }
    this.track = null;
    this.reportError();
  }

  play() {
    this.playing = true;
    if (this.track && this.startFrame >= this.track.frames && this.base === null) this.seek(0);
    this.resume();
    this.update();
  }

  resume() {
    this.resumedAt = performance.now();
    this.context?.resume().catch(() => {});
  }

  pause() {
    this.playing = false;
    this.stopClock();
    this.announce();
  }

  /** Stops the clock at `frame`, or at the current frame. Returns the time from which on there is silence. */
  stopClock(frame = null) {
    this.silentSince = performance.now();
    if (!this.context) return 0;
    const end = this.gate.to(0, this.rampTime, RAMP);
    if (this.base === null) {
      if (frame !== null) this.startFrame = frame;
      return end;
    }
    const here = Math.round((end - RAMP) * this.context.sampleRate) - this.base;
    this.startFrame = frame ?? Math.min(this.track.frames, Math.max(this.startFrame, here));
    for (const side of Object.values(this.sides)) side.voices.forEach((voice) => voice.stop(end));
    this.base = null;
    return end;
  }

  /** Seeks to a frame. */
  seek(frame) {
    if (!this.track) return;
    const target = Math.round(Math.min(this.track.frames, Math.max(0, frame)));
    const end = this.stopClock(target);
    this.neededSeconds = ENOUGH.start;
    for (const [name, side] of Object.entries(this.sides)) {
      const latest = side.next ?? side.voice;
      if (!side.next && latest.secondsFrom(target) > 0) continue;
      const fresh = this.voice(name, latest.query, target);
      side.voices.forEach((voice) => voice.close(end));
      Object.assign(side, { voice: fresh, next: null });
    }
    this.update();
  }

  /** Changes the mastered version to another query as soon as enough frames of it are fetched. */
  setTreatment(query) {
    const side = this.sides?.mastered;
    if (!this.track || (side.next ?? side.voice).query === query) return;
    side.next?.close(0);
    side.next = side.voice.query === query ? null : this.voice('mastered', query, this.position);
    this.update();
  }

  /** Requests one frame of a version that the user may choose next, so that the server begins to make it. */
  prepare(query) {
    if (!this.track || this.preparedQuery === query) return;
    this.preparedQuery = query;
    const at = this.track.header + Math.min(this.position, this.track.frames - 1) * FRAME;
    // Errors are ignored here, because the version is requested again when the user chooses it.
    ask(`${this.track.url}?${query}`, { headers: { Range: `bytes=${at}-${at + FRAME - 1}` } }).catch(() => {});
  }

  /** Chooses the version to be played. */
  choose(side) {
    this.want = side;
    this.update();
    this.announce();
  }

  /** Sets the volume, 0 to 1. */
  setVolume(volume) {
    this.loudness = volume;
    if (this.context) this.volume.gain.setTargetAtTime(volume ** 2, this.rampTime, 0.015);
  }

  /** Sets the gain of the original, which makes both versions equally loud, and the trim of both, which keeps them under full scale; decibels. */
  setLevels(levels) {
    this.levels = levels;
    if (!this.context) return;
    this.sides.original.gain.gain.setTargetAtTime(decibels(levels.original), this.rampTime, 0.03);
    this.trim.gain.setTargetAtTime(decibels(levels.trim), this.rampTime, 0.1);
  }

  /** Fetches frames, starts and stops the clock, and changes versions as needed. */
  update() {
    if (!this.track) return;
    const position = this.position;
    const audible = () => this.sides[this.audible].voice;
    for (const [name, side] of Object.entries(this.sides)) {
      const due = name === this.audible || name === this.want || audible().secondsFrom(position) > AUDIBLE_FIRST;
      // A voice that is being replaced has enough frames, so the next voice fetches.
      if (due) (side.next ?? side.voice).fetchNext(position);
      if (side.next?.error && !side.next.error.temporary) this.discardNext(side);
      this.replaceVoice(side);
      side.voice.removeBefore(position - this.context.sampleRate);
    }
    if (this.want !== this.audible) this.crossfade();
    if (this.base !== null) {
      if (position >= this.track.frames) return this.finish();
      if (audible().secondsFrom(position) < UNDERRUN) {
        this.neededSeconds = ENOUGH.underrun;
        this.stopClock();
      }
    } else if (this.playing && this.context.state === 'running') {
      if (audible().secondsFrom(this.startFrame) >= this.neededSeconds) this.startClock();
    }
    const resting = !this.playing && performance.now() - this.silentSince > SUSPEND_AFTER;
    if (resting && this.context.state === 'running') this.context.suspend();
    this.reportError();
    this.announce();
  }

  /** Starts the clock. */
  startClock() {
    const rate = this.context.sampleRate;
    const first = Math.ceil(Math.max(this.context.currentTime + START_LEAD, this.gate.rampEnd) * rate);
    this.base = first - this.startFrame;
    for (const side of Object.values(this.sides)) {
      side.voice.fader.to(1, first / rate, 0);
      side.voices.forEach((voice) => voice.play(this.base, first));
    }
    this.gate.to(1, first / rate, this.startFrame === 0 ? 0 : RAMP);
    this.neededSeconds = ENOUGH.start;
  }

  /** Fades from the voice of a side to the next one, if enough of the next one is fetched. */
  replaceVoice(side) {
    const { voice, next } = side;
    if (!next) return;
    const at = Math.max(this.rampTime, voice.fader.rampEnd, next.playingSince ?? 0);
    if (!this.ready(next, at)) return;
    next.fader.to(1, at, FADE);
    voice.close(this.base === null ? at : voice.fader.to(0, at, FADE));
    Object.assign(side, { voice: next, next: null });
  }

  /** Fades from the audible version to the chosen one, if enough of that one is fetched. */
  crossfade() {
    const [from, to] = [this.sides[this.audible], this.sides[this.want]];
    const at = Math.max(this.rampTime, from.fader.rampEnd, to.fader.rampEnd, to.voice.playingSince ?? 0);
    if (this.base !== null && !this.ready(to.voice, at)) return;
    from.fader.to(0, at, RAMP);
    to.fader.to(1, at, RAMP);
    this.audible = this.want;
  }

  /** Whether enough frames of a voice are fetched to change to it at the time `at`. */
  ready(voice, at) {
    if (this.base === null) return voice.secondsFrom(this.startFrame) >= ENOUGH.change;
    const frame = Math.round(at * this.context.sampleRate) - this.base;
    return voice.playingSince !== null && voice.secondsFrom(frame) >= ENOUGH.change;
  }

  /** Drops the next voice of a side after an error that a repeated request cannot solve. */
  discardNext(side) {
    const { error } = side.next;
    side.next.close(0);
    side.next = null;
    this.dispatchEvent(new CustomEvent('refused', { detail: error.message }));
  }

  finish() {
    this.stopClock(this.track.frames);
    this.playing = false;
    this.announce();
    this.dispatchEvent(new Event('ended'));
  }

  /** Dispatches `failure` when the error message has changed. */
  reportError() {
    const voices = this.track ? Object.values(this.sides).flatMap((side) => side.voices) : [];
    const suspended = this.playing && this.context?.state !== 'running' && performance.now() - this.resumedAt > RESUME_TIMEOUT;
    const message = suspended
      ? 'the browser does not start the sound: press play, and check that the computer has a sound output'
      : (voices.map((voice) => voice.error).find(Boolean)?.message ?? null);
    if (message === this.reportedError) return;
    this.reportedError = message;
    this.dispatchEvent(new CustomEvent('failure', { detail: message }));
  }

  /** Dispatches `change` when the state has changed. */
  announce() {
    const state = [this.playing, this.waiting, this.audible, this.want].join();
    if (state === this.announcedState) return;
    this.announcedState = state;
    this.dispatchEvent(new Event('change'));
  }
}
