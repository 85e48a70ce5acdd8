// One version of a track: fetched in advance, kept as buffers, and played in step with the clock.

import { ask } from './ask.js';
import { FRAME, decode } from './wav.js';

/** Seconds of one request. */
const REQUEST = 4;
/** Seconds that are fetched in advance of the playhead. */
const AHEAD = 16;
/** Seconds of a buffer; the first ones are short, so that playback starts soon. */
const PIECE = 1;
const FIRST = 0.15;
/** Seconds from now to the first time at which a buffer can still begin. */
const MARGIN = 0.05;
/** Seconds that must be left until then after scheduling: the audio thread receives it some blocks later. */
const CERTAIN = 0.02;
/** Milliseconds before a failed request is repeated: the first value is doubled each time, up to the second. */
const RETRY = [500, 8000];

/** A gain that moves in straight lines, one after the other. */
export class Fader {
  constructor(context, value) {
    this.node = context.createGain();
    this.node.gain.value = value;
    this.value = value;
    /** When it stands still, in the context's seconds. */
    this.still = 0;
  }

  /** Moves to `value` from the time `at` on, or after the current ramp; returns the time at which it ends. */
  to(value, at, seconds) {
    if (value === this.value) return Math.max(at, this.still);
    const start = Math.max(at, this.still);
    this.node.gain.setValueAtTime(this.value, start);
    this.node.gain.linearRampToValueAtTime(value, start + seconds);
    this.value = value;
    this.still = start + seconds;
    return this.still;
  }
}

export class Voice {
  /**
   * @param track {context, url, header, frames}: what is played.
   * @param {string} query The query of the version.
   * @param {number} from The first frame.
   * @param changed Called when more of it is fetched, or after an error.
   */
  constructor(track, query, from, changed) {
    Object.assign(this, { track, query, changed, first: from, end: from });
    this.context = track.context;
    this.fader = new Fader(this.context, 0);
    this.pieces = [];
    /** Since when it is played without a gap, in the context's seconds; null while it is not played. */
    this.sounds = null;
    this.busy = false;
    this.trouble = null;
    this.retryAt = 0;
    this.failures = 0;
    this.stopping = new AbortController();
    this.etag = null;
  }

  /** Seconds that are fetched from `frame` on; infinite when the rest of the track is fetched. */
  ahead(frame) {
    if (frame < this.first || frame > this.end) return 0;
    return this.end >= this.track.frames ? Infinity : (this.end - frame) / this.context.sampleRate;
  }

  /** Fetches the next frames, when they are due. */
  pump(position) {
    const { frames } = this.track;
    const full = this.end - position > AHEAD * this.context.sampleRate;
    const failed = this.trouble !== null && !this.trouble.passing;
    if (this.busy || full || failed || this.end >= frames || performance.now() < this.retryAt) return;
    this.busy = true;
    this.fetch()
      .then(() => {
        this.trouble = null;
        this.failures = 0;
      })
      .catch((error) => {
        if (error.name === 'AbortError') return;
        this.trouble = error;
        this.retryAt = performance.now() + Math.min(RETRY[0] * 2 ** this.failures, RETRY[1]);
        this.failures += 1;
      })
      .finally(() => {
        this.busy = false;
        if (!this.stopping.signal.aborted) this.changed();
      });
  }

  async fetch() {
    const { url, header, frames } = this.track;
    const rate = this.context.sampleRate;
    const until = Math.min(frames, this.end + REQUEST * rate);
    const bytes = new Uint8Array((until - this.end) * FRAME);
    const headers = { Range: `bytes=${header + this.end * FRAME}-${header + until * FRAME - 1}` };
    if (this.etag) headers['If-Range'] = this.etag;
    const response = await ask(`${url}?${this.query}`, { signal: this.stopping.signal, headers });
    if (response.status !== 206) throw new Replaced();
    this.etag = response.headers.get('ETag');
    const reader = response.body.getReader();
    const start = this.end;
    for (let filled = 0; ; ) {
      const { value, done } = await reader.read().catch((error) => {
        throw error.name === 'AbortError' ? error : Object.assign(new Error('the stream ended early'), { passing: true });
      });
      if (value) {
        bytes.set(value, filled);
        filled += value.length;
      }
      if (this.stopping.signal.aborted) return;
      const whole = Math.floor(filled / FRAME);
      const had = this.end - start;
      const enough = Math.floor((this.end - this.first < rate ? FIRST : PIECE) * rate);
      if (whole - had >= enough || (done && whole > had)) {
        this.add({ frame: this.end, buffer: decode(this.context, bytes, had, whole), source: null });
      }
      if (done) return;
    }
  }

  add(piece) {
    this.pieces.push(piece);
    this.end = piece.frame + piece.buffer.length;
    this.changed(this, piece);
  }

  /**
   * Schedules buffers in step with the clock, none before the frame `first` of the context. A buffer that should have begun already
   * begins in its middle, far enough from now: a source that is started in the past would be late.
   */
  play(base, first = 0, pieces = this.pieces) {
    const rate = this.context.sampleRate;
    const soonest = () => Math.ceil((this.context.currentTime + MARGIN) * rate);
    for (const piece of pieces) {
      let at;
      do {
        piece.source?.disconnect();
        at = Math.max(first, base + piece.frame, soonest());
        piece.source = this.begin(piece, at, at - base - piece.frame);
        // Another thread may have used the processor in between.
      } while (piece.source && at < (this.context.currentTime + CERTAIN) * rate);
    }
  }

  /** Schedules a buffer at a frame of the context, without the first `skipped` frames; none if these are all. */
  begin(piece, at, skipped) {
    if (skipped >= piece.buffer.length) return null;
    const rate = this.context.sampleRate;
    const source = new AudioBufferSourceNode(this.context, { buffer: piece.buffer });
    source.connect(this.fader.node);
    source.start(at / rate, skipped / rate);
    if (skipped > 0 || this.sounds === null) this.sounds = at / rate;
    return source;
  }

  /** Stops playing at a time; the buffers are kept. */
  hush(at) {
    for (const piece of this.pieces) {
      piece.source?.stop(at);
      piece.source = null;
    }
    this.sounds = null;
  }

  /** Removes buffers that were played. */
  forget(before) {
    while (this.pieces.length > 1 && this.pieces[0].frame + this.pieces[0].buffer.length < before) {
      this.pieces.shift();
      this.first = this.pieces[0].frame;
    }
  }

  /** Stops it for good at a time. */
  drop(at) {
    this.stopping.abort();
    this.hush(at);
    const release = () => this.fader.node.disconnect();
    setTimeout(release, Math.max(0, at - this.context.currentTime) * 1000 + 500);
  }
}

/** The file was replaced. */
export class Replaced extends Error {
  constructor() {
    super('the file was replaced meanwhile: choose the track again to hear the new one');
    this.passing = false;
  }
}
