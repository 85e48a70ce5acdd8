// The page: connects the controls with the player, the library and the jobs.

import { Abx } from './abx.js';
import { prepare, progress } from './api.js';
import { Refusal, address, json, onToken } from './ask.js';
import { showCover } from './cover.js';
import { onKeys } from './keys.js';
import { Library } from './library.js';
import { match, numbers, peakOf } from './loudness.js';
import { Media } from './media.js';
import { Player } from './player.js';
import { presetCard } from './presets.js';
import { Queue } from './queue.js';
import { QueueList } from './queue_list.js';
import { clock } from './row.js';
import { Tabs } from './tabs.js';
import { Troubles } from './trouble.js';
import { Waveform } from './waveform.js';

/** Milliseconds after which the value of a slider is requested, if it has not moved again. */
const SETTLE = 60;
/** Milliseconds after which the whole rendition is made, if the user has not chosen another one. */
const STAY = 1500;
/** Milliseconds between two waveforms of a rendition that is being made. */
const REDRAW = 2000;
/** Milliseconds before the presets are requested again. */
const AGAIN = 2000;
/** Seconds of a step by an arrow key, and with Shift. */
const STEP = [5, 30];
/** Seconds of a track after which "previous" goes to its beginning. */
const BEGUN = 3;

const $ = (id) => document.getElementById(id);

export const player = new Player();
export const queue = new Queue();

const troubles = new Troubles($('trouble'));
const attempt = (source, work) => troubles.attempt(source, work);

let presets = [];
let track = null;
let facts = null;
let job = null;
let masteredPeak = null;
let drawn = 0;
let opened = new AbortController();
let making = new AbortController();
let staying = 0;
const treatment = { preset: 'adaptive', intensity: 1 };

const query = (preset = treatment.preset) => `preset=${preset}&intensity=${treatment.intensity}&bits=16`;

onToken('enhance-server token', async (wrong) => {
  const dialog = $('token');
  if (wrong) $('token-text').textContent = 'That was not it. It is the value of --token with which the server was started.';
  dialog.returnValue = '';
  dialog.showModal();
  await new Promise((resolve) => dialog.addEventListener('close', resolve, { once: true }));
  if (!$('token-input').value) throw new Refusal(401, 'nothing can be shown without the token: load the page again to give it');
  return $('token-input').value;
});

// ---- the library and the queue

const library = new Library(queue, attempt, (chosen) => open(chosen));
const tabs = new Tabs($('tabs'));
const parts = { list: $('queue'), count: $('queue-count'), clear: $('queue-clear'), tab: $('queue-tab') };
new QueueList(queue, parts, (at) => open(queue.jump(at)));

// ---- a track

/** Plays the next track, if there is one. */
const next = (byItself) => queue.coming.length > 0 && open(queue.next(), byItself === true);
const previous = () => {
  const begun = player.track && player.position > BEGUN * player.track.rate;
  if (queue.past.length && !begun) open(queue.previous());
  else player.seek(0);
};

/** Plays a track. If the queue chose it and it cannot be read any more, the next track is played. */
async function open(chosen, byItself = false) {
  opened.abort();
  making.abort();
  clearTimeout(staying);
  opened = new AbortController();
  const { signal } = opened;
  track = chosen;
  facts = job = masteredPeak = null;
  troubles.set('track', null);
  troubles.set('job', null);
  library.tracks.mark(track.id);
  media.show(track);
  $('title').textContent = track.title;
  $('artist').textContent = [track.artist, track.album].filter(Boolean).join(' – ');
  $('facts').textContent = describe(track);
  document.title = [track.title, track.artist].filter(Boolean).join(' – ');
  for (const id of ['play', 'abx-button', 'next', 'previous']) $(id).disabled = false;
  showCover(track, $('cover'));
  wave.reset(null);
  level();
  let refused = 0;
  const playing = await attempt('track', async () => {
    await player.open(chosen, query()).catch((error) => {
      refused = error.status;
      throw error;
    });
    return true;
  });
  if (signal.aborted) return;
  if (!playing) {
    player.pause();
    if (byItself && (refused === 404 || refused === 422)) next(true);
    return;
  }
  wave.reset({ ...chosen, frames: player.track.frames });
  $('duration').textContent = clock(player.track.frames / player.track.rate);
  // The user may have chosen another treatment meanwhile.
  player.treat(query());
  make(0);
  // The track is measured after it has started, because both need the processors of the server.
  await started(signal);
  if (signal.aborted) return;
  const known = await attempt('track', () => json(`api/tracks/${track.id}`, { signal }));
  if (signal.aborted) return;
  facts = known?.analysis;
  level();
  const peaks = await attempt('track', () => json(`api/tracks/${track.id}/peaks`, { signal }));
  if (signal.aborted || !peaks) return;
  wave.set('original', peaks);
  facts = { ...facts, peak: peakOf(peaks) };
  level();
}

function started(signal) {
  return new Promise((resolve) => {
    const check = () => {
      if (!signal.aborted && player.waiting) return;
      player.removeEventListener('change', check);
      signal.removeEventListener('abort', check);
      resolve();
    };
    player.addEventListener('change', check);
    signal.addEventListener('abort', check);
    check();
  });
}

function describe({ channels, sample_rate: rate, bits, codec }) {
  const sample = `${rate / 1000} kHz${bits ? ` / ${bits} bit` : ''}`;
  const sides = { 1: 'mono', 2: 'stereo' }[channels] ?? `${channels} channels, mixed to two`;
  return [codec.toUpperCase(), sample, sides].join(' · ');
}

/** Makes both versions equally loud, and shows their loudness. */
function level() {
  const known = { treatment, presets, facts, job, masteredPeak };
  const { levels, text } = match(known);
  player.setLevels(levels);
  $('match').textContent = text;
  const { original, mastered, goal, missed, about } = numbers(known);
  ['loudness', 'peak'].forEach((what, n) => {
    $(`original-${what}`).textContent = original[n];
    $(`mastered-${what}`).textContent = mastered[n];
  });
  $('goal').textContent = goal;
  $('missed').textContent = missed;
  $('about').textContent = about;
  $('numbers').hidden = $('downloads').hidden = !track;
  if (!track) return;
  for (const format of ['wav', 'flac']) {
    $(`download-${format}`).href = address(`stream/${track.id}?${query()}&format=${format}&download`);
  }
}

// ---- the treatment

let settling = 0;

function treat(change, after = 0) {
  Object.assign(treatment, change);
  $('intensity-text').textContent = `${Math.round(treatment.intensity * 100)} %`;
  $('intensity').value = treatment.intensity;
  for (const radio of document.querySelectorAll('[name=preset]')) radio.checked = radio.value === treatment.preset;
  // The user has changed the treatment to hear it.
  listenTo('mastered');
  clearTimeout(settling);
  settling = setTimeout(() => {
    if (!track) return;
    player.treat(query());
    make(STAY);
  }, after);
}

/** Starts a job for the whole rendition after some time, and shows its progress. */
function make(after) {
  clearTimeout(staying);
  making.abort();
  making = new AbortController();
  const { signal } = making;
  const { id } = track;
  job = masteredPeak = null;
  wave.setMap('');
  level();
  staying = setTimeout(async () => {
    await attempt('job', async () => {
      show(await prepare(id, treatment.preset, treatment.intensity));
      for await (const status of progress(job.id, signal)) {
        if (signal.aborted) return;
        show(status);
      }
    });
  }, after);

  function show(status) {
    if (signal.aborted) throw new DOMException('another treatment', 'AbortError');
    const settled = job?.settled;
    job = status;
    wave.setMap(status.map);
    $('progress').textContent = howFar(status);
    if (status.settled && !settled) level();
    const over = status.state === 'done';
    if (over || performance.now() - drawn > REDRAW) {
      drawn = performance.now();
      drawMastered(id, signal);
    }
  }
}

function howFar({ state, ready, pieces, speed, failure }) {
  const fast = speed ? `, ${Math.round(speed)} × real time` : '';
  switch (state) {
    case 'failed':
      return `It could not be mastered: ${failure}`;
    case 'cancelled':
      return 'The mastering of the whole track was stopped; what is played is still made.';
    case 'done':
      return `Mastered as a whole${fast}.`;
    case 'measuring':
      return 'Measuring …';
    default:
      return `Mastered: ${ready} of ${pieces} chunks${fast}.`;
  }
}

async function drawMastered(id, signal) {
  const peaks = await attempt('peaks', () => json(`api/tracks/${id}/peaks?${query()}`, { signal }));
  if (!peaks || signal.aborted) return;
  wave.set('mastered', peaks);
  masteredPeak = peakOf(peaks);
  level();
}

function listenTo(side) {
  for (const radio of document.querySelectorAll('[name=side]')) radio.checked = radio.value === side;
  player.choose(side);
  if ($('player').dataset.side === side) return;
  $('player').dataset.side = side;
  wave.draw();
}

async function loadPresets() {
  const found = await attempt('presets', () => json('api/presets'));
  if (!found) return setTimeout(loadPresets, AGAIN);
  presets = found;
  const acts = {
    chosen: treatment.preset,
    choose: (preset) => treat({ preset }),
    consider: (preset) => player.rehearse(query(preset)),
  };
  $('presets').replaceChildren(...presets.map((preset, n) => presetCard(preset, n, acts)));
  level();
}

// ---- controls

const wave = new Waveform(
  $('wave'),
  $('pieces'),
  (share) => player.seek(share * player.track.frames),
  (share) => clock((share * player.track.frames) / player.track.rate),
);

const step = (seconds) => player.track && player.seek(player.position + seconds * player.track.rate);
const play = () => track && player.play();
const pause = () => track && player.pause();
const toggle = () => (player.playing ? pause() : play());
const seek = (seconds) => player.track && player.seek(seconds * player.track.rate);
const media = new Media(player, { play, pause, next, previous, seek, step });

function setVolume(volume) {
  $('volume').value = Math.min(1, Math.max(0, volume));
  player.setVolume(Number($('volume').value));
}

$('play').addEventListener('click', toggle);
$('next').addEventListener('click', next);
$('previous').addEventListener('click', previous);
$('volume').addEventListener('input', () => setVolume(Number($('volume').value)));
$('intensity').addEventListener('input', () => treat({ intensity: Number($('intensity').value) }, SETTLE));
for (const radio of document.querySelectorAll('[name=side]')) radio.addEventListener('change', () => listenTo(radio.value));

const abx = new Abx($('abx'), (side) => player.choose(side));
$('abx-button').addEventListener('click', () => {
  player.play();
  abx.start();
});
$('abx').addEventListener('close', () => listenTo('mastered'));
$('help-button').addEventListener('click', () => $('help').showModal());

const KEYS = {
  ' ': toggle,
  x: () => listenTo(player.want === 'mastered' ? 'original' : 'mastered'),
  '[': () => treat({ intensity: Math.max(0, Math.round(treatment.intensity * 20 - 1) / 20) }, SETTLE),
  ']': () => treat({ intensity: Math.min(1, Math.round(treatment.intensity * 20 + 1) / 20) }, SETTLE),
  n: next,
  p: previous,
  q: () => tabs.turn(),
  '/': () => {
    tabs.show($('library-tab'));
    $('search').focus();
  },
  '?': () => $('help').showModal(),
  ArrowLeft: (event) => step(-STEP[Number(event.shiftKey)]),
  ArrowRight: (event) => step(STEP[Number(event.shiftKey)]),
  ArrowUp: () => setVolume(Number($('volume').value) + 0.05),
  ArrowDown: () => setVolume(Number($('volume').value) - 0.05),
};

onKeys((key) => {
  const preset = presets[Number(key) - 1];
  return KEYS[key] ?? (preset && (() => treat({ preset: preset.name })));
});

// ---- the display during playback

player.addEventListener('trouble', ({ detail }) => troubles.set('player', detail && `${detail}${player.playing ? '' : '; paused'}`));
player.addEventListener('refused', ({ detail }) => troubles.set('track', `${detail}; what was heard before goes on`));
player.addEventListener('ended', () => ($('abx').open ? player.play() : next(true)));
player.addEventListener('change', () => {
  $('player').classList.toggle('playing', player.playing);
  $('player').classList.toggle('waiting', player.waiting);
  $('play').setAttribute('aria-label', player.playing ? 'Pause' : 'Play');
});

let second = null;

function frame() {
  requestAnimationFrame(frame);
  if (!player.track) return;
  const { frames, rate } = player.track;
  const seconds = player.position / rate;
  wave.place(player.position / frames);
  if (Math.floor(seconds) === second) return;
  second = Math.floor(seconds);
  media.update();
  const duration = clock(frames / rate);
  $('elapsed').textContent = clock(seconds);
  const slider = $('wave');
  slider.removeAttribute('aria-disabled');
  slider.setAttribute('aria-valuemax', Math.round(frames / rate));
  slider.setAttribute('aria-valuenow', second);
  slider.setAttribute('aria-valuetext', `${clock(seconds)} of ${duration}`);
}

loadPresets();
library.look();
requestAnimationFrame(frame);
