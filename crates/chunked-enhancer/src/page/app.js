// The main module of the page. It connects the controls with the player, the library and the jobs.

import { Abx } from './abx.js';
import { prepare, progress } from './api.js';
import { Refusal, address, json, onToken } from './ask.js';
import { showCover } from './cover.js';
import { ErrorMessages } from './error_messages.js';
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
import { Waveform } from './waveform.js';

/** When a slider has not moved for this many milliseconds, the rendition with its value is requested. */
const SLIDER_DELAY = 60;
/** Milliseconds from the choice of a treatment to the start of the job for the whole rendition. Another choice in between cancels it. */
const JOB_DELAY = 1500;
/** Milliseconds between two waveforms of a rendition that is being made. */
const REDRAW_INTERVAL = 2000;
/** Milliseconds after which the presets are requested again, if the request has failed. */
const RETRY_DELAY = 2000;
/** Seconds of a step with an arrow key, without and with Shift. */
const STEPS = [5, 30];
/** When more seconds than these have been played, "previous" goes to the beginning of the track. */
const RESTART_AFTER = 3;

const $ = (id) => document.getElementById(id);

export const player = new Player();
export const queue = new Queue();

const errors = new ErrorMessages($('trouble'));
const attempt = (source, work) => errors.attempt(source, work);

let presets = [];
let track = null;
let analysis = null;
let job = null;
let masteredPeak = null;
let drawnAt = 0;
let opening = new AbortController();
let making = new AbortController();
let jobTimer = 0;
const treatment = { preset: 'adaptive', intensity: 1 };

const query = (preset = treatment.preset) => `preset=${preset}&intensity=${treatment.intensity}&bits=16`;

onToken('enhance-server token', async (refused) => {
  const dialog = $('token');
  if (refused) $('token-text').textContent = 'The token is wrong. It is the value of --token with which the server was started.';
  dialog.returnValue = '';
  dialog.showModal();
  await new Promise((resolve) => dialog.addEventListener('close', resolve, { once: true }));
  if (!$('token-input').value) throw new Refusal(401, 'nothing can be shown without the token: load the page again to enter it');
  return $('token-input').value;
});

// ---- the library and the queue

const library = new Library(queue, attempt, (chosen) => open(chosen));
const tabs = new Tabs($('tabs'));
const parts = { list: $('queue'), count: $('queue-count'), clear: $('queue-clear'), tab: $('queue-tab') };
new QueueList(queue, parts, (at) => open(queue.jump(at)));

// ---- a track

/** Plays the next track, if there is one. */
const next = (automatic) => queue.upcoming.length > 0 && open(queue.next(), automatic === true);
/** Plays the previous track, or the current one from its beginning. */
const previous = () => {
  const restart = player.track && player.position > RESTART_AFTER * player.track.rate;
  if (queue.past.length && !restart) open(queue.previous());
  else player.seek(0);
};

/** Plays a track. With `automatic`, a track that can no longer be read is skipped: the next one is played. */
async function open(chosen, automatic = false) {
  opening.abort();
  making.abort();
  clearTimeout(jobTimer);
  opening = new AbortController();
  const { signal } = opening;
  track = chosen;
  analysis = job = masteredPeak = null;
  errors.set('track', null);
  errors.set('job', null);
  library.tracks.markPlaying(track.id);
  media.show(track);
  $('title').textContent = track.title;
  $('artist').textContent = [track.artist, track.album].filter(Boolean).join(' – ');
  $('facts').textContent = describe(track);
  document.title = [track.title, track.artist].filter(Boolean).join(' – ');
  for (const id of ['play', 'abx-button', 'next', 'previous']) $(id).disabled = false;
  showCover(track, $('cover'));
  wave.reset(null);
  matchLoudness();
  let status = 0;
  const playing = await attempt('track', async () => {
    await player.open(chosen, query()).catch((error) => {
      status = error.status;
      throw error;
    });
    return true;
  });
  if (signal.aborted) return;
  if (!playing) {
    player.pause();
    if (automatic && (status === 404 || status === 422)) next(true);
    return;
  }
  wave.reset({ ...chosen, frames: player.track.frames });
  $('duration').textContent = clock(player.track.frames / player.track.rate);
  // The user may have chosen another treatment meanwhile.
  player.setTreatment(query());
  startJob(0);
  // The track is measured after playback has started, because both need the processors of the server.
  await playbackStart(signal);
  if (signal.aborted) return;
  const details = await attempt('track', () => json(`api/tracks/${track.id}`, { signal }));
  if (signal.aborted) return;
  analysis = details?.analysis;
  matchLoudness();
  const peaks = await attempt('track', () => json(`api/tracks/${track.id}/peaks`, { signal }));
  if (signal.aborted || !peaks) return;
  wave.set('original', peaks);
  analysis = { ...analysis, peak: peakOf(peaks) };
  matchLoudness();
}

/** Resolves when the player does not wait for sound, or when the signal aborts. */
function playbackStart(signal) {
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

/** The text about the format of a track. */
function describe({ channels, sample_rate: rate, bits, codec }) {
  const sampleText = `${rate / 1000} kHz${bits ? ` / ${bits} bit` : ''}`;
  const channelText = { 1: 'mono', 2: 'stereo' }[channels] ?? `${channels} channels, mixed to stereo`;
  return [codec.toUpperCase(), sampleText, channelText].join(' · ');
}

/** Makes both versions equally loud, and shows their loudness. */
function matchLoudness() {
  const state = { treatment, presets, analysis, job, masteredPeak };
  const { levels, text } = match(state);
  player.setLevels(levels);
  $('match').textContent = text;
  const { original, mastered, target, shortfall, notes } = numbers(state);
  ['loudness', 'peak'].forEach((quantity, n) => {
    $(`original-${quantity}`).textContent = original[n];
    $(`mastered-${quantity}`).textContent = mastered[n];
  });
  $('target').textContent = target;
  $('shortfall').textContent = shortfall;
  $('notes').textContent = notes;
  $('numbers').hidden = $('downloads').hidden = !track;
  if (!track) return;
  for (const format of ['wav', 'flac']) {
    $(`download-${format}`).href = address(`stream/${track.id}?${query()}&format=${format}&download`);
  }
}

// ---- the treatment

/** The timer of a change of the treatment. */
let changeTimer = 0;

function changeTreatment(change, delay = 0) {
  Object.assign(treatment, change);
  $('intensity-text').textContent = `${Math.round(treatment.intensity * 100)} %`;
  $('intensity').value = treatment.intensity;
  for (const radio of document.querySelectorAll('[name=preset]')) radio.checked = radio.value === treatment.preset;
  // After a change of the treatment the mastered version is played.
  selectVersion('mastered');
  clearTimeout(changeTimer);
  changeTimer = setTimeout(() => {
    if (!track) return;
    player.setTreatment(query());
    startJob(JOB_DELAY);
  }, delay);
}

/** Starts a job for the whole rendition after `delay` milliseconds, and shows its progress. */
function startJob(delay) {
  clearTimeout(jobTimer);
  making.abort();
  making = new AbortController();
  const { signal } = making;
  const { id } = track;
  job = masteredPeak = null;
  wave.setChunkStates('');
  matchLoudness();
  jobTimer = setTimeout(async () => {
    await attempt('job', async () => {
      showStatus(await prepare(id, treatment.preset, treatment.intensity));
      for await (const status of progress(job.id, signal)) {
        if (signal.aborted) return;
        showStatus(status);
      }
    });
  }, delay);

  function showStatus(status) {
    if (signal.aborted) throw new DOMException('another treatment', 'AbortError');
    const settled = job?.settled;
    job = status;
    wave.setChunkStates(status.map);
    $('progress').textContent = progressText(status);
    if (status.settled && !settled) matchLoudness();
    const done = status.state === 'done';
    if (done || performance.now() - drawnAt > REDRAW_INTERVAL) {
      drawnAt = performance.now();
      drawMastered(id, signal);
    }
  }
}

function progressText({ state, ready, pieces, speed, failure }) {
  const speedText = speed ? `, ${Math.round(speed)} × real time` : '';
  switch (state) {
    case 'failed':
      return `It could not be mastered: ${failure}`;
    case 'cancelled':
      return 'The mastering of the whole track was stopped. Chunks are still mastered when they are played.';
    case 'done':
      return `Mastered as a whole${speedText}.`;
    case 'measuring':
      return 'Measuring …';
    default:
      return `Mastered: ${ready} of ${pieces} chunks${speedText}.`;
  }
}

async function drawMastered(id, signal) {
  const peaks = await attempt('peaks', () => json(`api/tracks/${id}/peaks?${query()}`, { signal }));
  if (!peaks || signal.aborted) return;
  wave.set('mastered', peaks);
  masteredPeak = peakOf(peaks);
  matchLoudness();
}

/** Makes a version audible. */
function selectVersion(side) {
  for (const radio of document.querySelectorAll('[name=side]')) radio.checked = radio.value === side;
  player.choose(side);
  if ($('player').dataset.side === side) return;
  $('player').dataset.side = side;
  wave.draw();
}

async function loadPresets() {
  const found = await attempt('presets', () => json('api/presets'));
  if (!found) return setTimeout(loadPresets, RETRY_DELAY);
  presets = found;
  const handlers = {
    chosen: treatment.preset,
    choose: (preset) => changeTreatment({ preset }),
    prepare: (preset) => player.prepare(query(preset)),
  };
  $('presets').replaceChildren(...presets.map((preset, n) => presetCard(preset, n, handlers)));
  matchLoudness();
}

// ---- controls

const wave = new Waveform(
  $('wave'),
  $('chunks'),
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
$('intensity').addEventListener('input', () => changeTreatment({ intensity: Number($('intensity').value) }, SLIDER_DELAY));
for (const radio of document.querySelectorAll('[name=side]')) radio.addEventListener('change', () => selectVersion(radio.value));

const abx = new Abx($('abx'), (side) => player.choose(side));
$('abx-button').addEventListener('click', () => {
  player.play();
  abx.start();
});
$('abx').addEventListener('close', () => selectVersion('mastered'));
$('help-button').addEventListener('click', () => $('help').showModal());

const KEYS = {
  ' ': toggle,
  x: () => selectVersion(player.want === 'mastered' ? 'original' : 'mastered'),
  '[': () => changeTreatment({ intensity: Math.max(0, Math.round(treatment.intensity * 20 - 1) / 20) }, SLIDER_DELAY),
  ']': () => changeTreatment({ intensity: Math.min(1, Math.round(treatment.intensity * 20 + 1) / 20) }, SLIDER_DELAY),
  n: next,
  p: previous,
  q: () => tabs.showNext(),
  '/': () => {
    tabs.show($('library-tab'));
    $('search').focus();
  },
  '?': () => $('help').showModal(),
  ArrowLeft: (event) => step(-STEPS[Number(event.shiftKey)]),
  ArrowRight: (event) => step(STEPS[Number(event.shiftKey)]),
  ArrowUp: () => setVolume(Number($('volume').value) + 0.05),
  ArrowDown: () => setVolume(Number($('volume').value) - 0.05),
};

onKeys((key) => {
  const preset = presets[Number(key) - 1];
  return KEYS[key] ?? (preset && (() => changeTreatment({ preset: preset.name })));
});

// ---- the display during playback

player.addEventListener('failure', ({ detail }) => errors.set('player', detail && `${detail}${player.playing ? '' : '; paused'}`));
player.addEventListener('refused', ({ detail }) => errors.set('track', `${detail}; the previous version goes on playing`));
player.addEventListener('ended', () => ($('abx').open ? player.play() : next(true)));
player.addEventListener('change', () => {
  $('player').classList.toggle('playing', player.playing);
  $('player').classList.toggle('waiting', player.waiting);
  $('play').setAttribute('aria-label', player.playing ? 'Pause' : 'Play');
});

let shownSecond = null;

function updateDisplay() {
  requestAnimationFrame(updateDisplay);
  if (!player.track) return;
  const { frames, rate } = player.track;
  const seconds = player.position / rate;
  wave.setPosition(player.position / frames);
  if (Math.floor(seconds) === shownSecond) return;
  shownSecond = Math.floor(seconds);
  media.update();
  const duration = clock(frames / rate);
  $('elapsed').textContent = clock(seconds);
  const slider = $('wave');
  slider.removeAttribute('aria-disabled');
  slider.setAttribute('aria-valuemax', Math.round(frames / rate));
  slider.setAttribute('aria-valuenow', shownSecond);
  slider.setAttribute('aria-valuetext', `${clock(seconds)} of ${duration}`);
}

loadPresets();
library.load();
requestAnimationFrame(updateDisplay);
