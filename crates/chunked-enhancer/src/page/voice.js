// Plays one version of a track: fetches its frames in advance, keeps them as buffers, and schedules the buffers in step with the clock.

import { ask } from './ask.js';
import { FRAME, decode } from './wav.js';

/** Seconds of one request. */
const REQUEST = 4;
/** Seconds that are fetched in advance of the playhead. */
const PREFETCH = 16;
/** Seconds of a buffer. */
const BUFFER = 1;
/** Seconds of a buffer in the first second. It is shorter, so that playback starts soon. */
const FIRST_BUFFER = 0.15;
/** Seconds from now to the earliest time for which a buffer is scheduled. */
const MARGIN = 0.05;
/** Seconds that must remain until that time when scheduling is done, because the audio thread receives the buffer some blocks later. */
const SAFETY = 0.02;
/** Milliseconds before a failed request is repeated: the first value, doubled with each failure up to the second value. */
const RETRY = [500, 8000];

/** A gain with linear ramps, one after the other. */
export class Fader {
  constructor(context, value) {
    this.node = context.createGain();
    this.node.gain.value = value;
    this.value = value;
    /** The end of the last ramp, in the context's seconds. */
    this.rampEnd = 0;
  }

  /** Adds a ramp to `value` that begins at the time `at`, or at the end of the last ramp. Returns the time at which it ends. */
  to(value, at, seconds) {
    if (value === this.value) return Math.max(at, this.rampEnd);
    const start = Math.max(at, this.rampEnd);
    this.node.gain.setValueAtTime(this.value, start);
    this.node.gain.linearRampToValueAtTime(value, start + seconds);
    this.value = value;
    this.rampEnd = start + seconds;
    return this.rampEnd;
  }
}

export class Voice {
  /**
   * @param track {context, url, header, frames} The track.
   * @param {string} query The query of the version in the URL.
   * @param {number} from The first frame.
   * @param changed Called when a buffer is added, a request has ended or a request has failed.
   */
  constructor(track, query, from, changed) {
    Object.assign(this, { track, query, changed, first: from, end: from });
    this.context = track.context;
    this.fader = new Fader(this.context, 0);
    /** Spans of fetched frames: `{frame, buffer, source}`, the first frame, the buffer, and the source that plays it. */
    this.spans = [];
    /** The time since which it plays without a gap, in the context's seconds; null while it does not play. */
    this.playingSince = null;
    this.fetching = false;
    this.error = null;
    this.retryAt = 0;
    this.failures = 0;
    this.closing = new AbortController();
    this.etag = null;
  }

  /** How many seconds from `frame` on are fetched; infinite when the rest of the track is fetched. */
  secondsFrom(frame) {
    if (frame < this.first || frame > this.end) return 0;
    return this.end >= this.track.frames ? Infinity : (this.end - frame) / this.context.sampleRate;
  }

  /** Requests the next frames, unless enough of them are fetched or a request is running. */
  fetchNext(position) {
    const { frames } = this.track;
    const enoughFetched = this.end - position > PREFETCH * this.context.sampleRate;
    const failed = this.error !== null && !this.error.temporary;
    if (this.fetching || enoughFetched || failed || this.end >= frames || performance.now() < this.retryAt) return;
    this.fetching = true;
    this.fetch()
      .then(() => {
        this.error = null;
        this.failures = 0;
      })
      .catch((error) => {
        if (error.name === 'AbortError') return;
        this.error = error;
        this.retryAt = performance.now() + Math.min(RETRY[0] * 2 ** this.failures, RETRY[1]);
        this.failures += 1;
      })
      .finally(() => {
        this.fetching = false;
        if (!this.closing.signal.aborted) this.changed();
      });
  }

  async fetch() {
    const { url, header, frames } = this.track;
    const rate = this.context.sampleRate;
    const until = Math.min(frames, this.end + REQUEST * rate);
    const bytes = new Uint8Array((until - this.end) * FRAME);
    const headers = { Range: `bytes=${header + this.end * FRAME}-${header + until * FRAME - 1}` };
    if (this.etag) headers['If-Range'] = this.etag;
    const response = await ask(`${url}?${this.query}`, { signal: this.closing.signal, headers });
    if (response.status !== 206) throw new FileReplaced();
    this.etag = response.headers.get('ETag');
    const reader = response.body.getReader();
    const start = this.end;
    for (let filled = 0; ; ) {
      const { value, done } = await reader.read().catch((error) => {
        throw error.name === 'AbortError' ? error : Object.assign(new Error('the stream ended early'), { temporary: true });
      });
      if (value) {
        bytes.set(value, filled);
        filled += value.length;
      }
      if (this.closing.signal.aborted) return;
      const received = Math.floor(filled / FRAME);
      const decoded = this.end - start;
      const bufferFrames = Math.floor((this.end - this.first < rate ? FIRST_BUFFER : BUFFER) * rate);
      if (received - decoded >= bufferFrames || (done && received > decoded)) {
        this.add({ frame: this.end, buffer: decode(this.context, bytes, decoded, received), source: null });
      }
      if (done) return;
    }
  }

  add(span) {
    this.spans.push(span);
    this.end = span.frame + span.buffer.length;
    this.changed(this, span);
  }

  /**
   * Schedules buffers in step with the clock, none before the frame `first` of the context. A buffer whose
   * time has passed begins later, without the frames before: a source that is started in the past would be out of step.
   */
  play(base, first = 0, spans = this.spans) {
    const rate = this.context.sampleRate;
    const earliest = () => Math.ceil((this.context.currentTime + MARGIN) * rate);
    for (const span of spans) {
      let at;
      do {
        span.source?.disconnect();
        at = Math.max(first, base + span.frame, earliest());
        span.source = this.schedule(span, at, at - base - span.frame);
        // If scheduling took too long, because another thread used the processor, it is repeated.
      } while (span.source && at < (this.context.currentTime + SAFETY) * rate);
    }
  }

  /** Schedules a buffer at a frame of the context, without its first `skipped` frames. Returns the source; null when no frames are left. */
  schedule(span, at, skipped) {
    if (skipped >= span.buffer.length) return null;
    const rate = this.context.sampleRate;
    const source = new AudioBufferSourceNode(this.context, { buffer: span.buffer });
    source.connect(this.fader.node);
    source.start(at / rate, skipped / rate);
    if (skipped > 0 || this.playingSince === null) this.playingSince = at / rate;
    return source;
  }

  /** Stops playing at a time. The buffers are kept. */
  stop(at) {
    for (const span of this.spans) {
      span.source?.stop(at);
      span.source = null;
    }
    this.playingSince = null;
  }

  /** Removes the buffers that end before a frame. */
  removeBefore(frame) {
    while (this.spans.length > 1 && this.spans[0].frame + this.spans[0].buffer.length < frame) {
      this.spans.shift();
      this.first = this.spans[0].frame;
    }
  }

  /** Stops playing at a time, and releases the voice. */
  close(at) {
    this.closing.abort();
    this.stop(at);
    const release = () => this.fader.node.disconnect();
    setTimeout(release, Math.max(0, at - this.context.currentTime) * 1000 + 500);
  }
}

/** The error of a stream whose file was replaced. */
export class FileReplaced extends Error {
  constructor() {
    super('the file of the track was replaced: choose the track again to play the new file');
    this.temporary = false;
  }
}
