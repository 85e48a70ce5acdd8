// Connects the player with the media controls of the system and the media keys of headsets and keyboards (Media Session).

import { address } from './ask.js';

/** Seconds of a step forward or backward, when the system does not specify them. */
const STEP = 10;
/** The length of the silence that is played in a loop, in seconds. Browsers do not treat a shorter sound as music. */
const SILENCE_SECONDS = 10;

/** A WAV file of silence, 8 kHz mono, 8 bits. */
function silence() {
  const rate = 8000;
  const frames = rate * SILENCE_SECONDS;
  const view = new DataView(new ArrayBuffer(44 + frames));
  const text = (at, word) => [...word].forEach((letter, n) => view.setUint8(at + n, letter.charCodeAt(0)));
  text(0, 'RIFF');
  view.setUint32(4, 36 + frames, true);
  text(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, rate, true);
  view.setUint16(32, 1, true);
  view.setUint16(34, 8, true);
  text(36, 'data');
  view.setUint32(40, frames, true);
  new Uint8Array(view.buffer, 44).fill(128);
  return new Blob([view.buffer], { type: 'audio/wav' });
}

export class Media {
  /** @param actions `play`, `pause`, `next`, `previous`, `seek(seconds)` and `step(seconds)`. */
  constructor(player, { play, pause, next, previous, seek, step }) {
    this.player = player;
    this.session = navigator.mediaSession;
    if (!this.session) return;
    // Browsers send media keys only to pages that play an audio element. Web Audio has no such element, so a silent one is played too.
    this.element = new Audio(URL.createObjectURL(silence()));
    this.element.loop = true;
    const handlers = {
      play,
      pause,
      stop: pause,
      nexttrack: next,
      previoustrack: previous,
      seekto: ({ seekTime }) => seek(seekTime),
      seekforward: ({ seekOffset }) => step(seekOffset ?? STEP),
      seekbackward: ({ seekOffset }) => step(-(seekOffset ?? STEP)),
    };
    for (const [name, handler] of Object.entries(handlers)) {
      try {
        this.session.setActionHandler(name, handler);
      } catch {
        // A browser may not support every action.
      }
    }
    player.addEventListener('change', () => this.update());
  }

  /** Passes the title and the cover of the track to the system. */
  show({ id, title, artist, album, cover }) {
    if (!this.session) return;
    const artwork = cover ? [{ src: new URL(address(`api/tracks/${id}/cover`), document.baseURI).href }] : [];
    this.session.metadata = new MediaMetadata({ title, artist: artist ?? '', album: album ?? '', artwork });
  }

  /** Passes the state and the position to the system. */
  update() {
    if (!this.session) return;
    const { playing, track, position } = this.player;
    this.session.playbackState = track ? (playing ? 'playing' : 'paused') : 'none';
    // When the browser refuses to play the element, it sends no media keys.
    if (playing) this.element.play().catch(() => {});
    else this.element.pause();
    if (track) this.session.setPositionState({ duration: track.frames / track.rate, position: position / track.rate });
  }
}
