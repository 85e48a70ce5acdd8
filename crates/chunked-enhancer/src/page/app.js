// The page: what is shown and what is pressed.

import { Abx } from './abx.js';
import { prepare, progress } from './api.js';
import { Refusal, json, onToken } from './ask.js';
import { Player } from './player.js';
import { Tracks, clock, showCover } from './tracks.js';
import { Waveform } from './waveform.js';

const DESCRIPTIONS = {
  adaptive: 'as much as the track needs',
  gentle: 'hardly touched',
  warm: 'fuller below, softer above',
  bright: 'more presence and air',
  punchy: 'attacks to the front',
  live: 'for recordings of a stage',
};
/** Milliseconds in which a slider comes to rest before its value is asked for. */
const SETTLE = 60;
/** Milliseconds somebody stays with a treatment before all of it is made. */
const STAY = 1500;
/** Milliseconds between pictures of what is being made. */
const REDRAW = 2000;
/** Milliseconds between looks for new tracks, while there are none and else. */
const AGAIN = [2000, 60000];
/** Seconds of a step by an arrow key, and with Shift. */
const STEP = [5, 30];

const $ = (id) => document.getElementById(id);

export const player = new Player();

let presets = [];
let track = null;
let facts = null;
let job = null;
let drawn = 0;
let opened = new AbortController();
let making = new AbortController();
let staying = 0;
const treatment = { preset: 'adaptive', intensity: 1 };

const query = (preset = treatment.preset) => `preset=${preset}&intensity=${treatment.intensity}&bits=16`;

// ---- trouble, in words

const troubles = new Map();

/** Shows what is wrong until the same source says that it is over. */
function trouble(source, text) {
  if (text) troubles.set(source, text);
  else troubles.delete(source);
  const all = [...new Set(troubles.values())].join(' · ');
  if ($('trouble').textContent !== all) $('trouble').textContent = all;
  $('trouble').hidden = !all;
}

/** Does something that may be refused; being called off is no trouble. */
async function attempt(source, work) {
  try {
    const result = await work();
    trouble(source, null);
    return result;
  } catch (error) {
    if (error.name !== 'AbortError') trouble(source, error.message);
    if (!(error instanceof Refusal) && error.name !== 'AbortError') console.error(error);
    return null;
  }
}

onToken('enhance-server token', async (wrong) => {
  const dialog = $('token');
  if (wrong) $('token-text').textContent = 'That was not it. It is what stands behind --token where the server was started.';
  dialog.returnValue = '';
  dialog.showModal();
  await new Promise((resolve) => dialog.addEventListener('close', resolve, { once: true }));
  if (!$('token-input').value) throw new Refusal(401, 'nothing can be shown without the token: load the page again to give it');
  return $('token-input').value;
});

// ---- the library

const tracks = new Tracks($('tracks'), $('search'), $('count'), (chosen) => open(chosen));

async function look() {
  const found = await attempt('library', () => json('api/tracks'));
  if (found) {
    tracks.set(found);
    if (!found.length) {
      const { library } = (await attempt('library', () => json('api/status'))) ?? {};
      if (library) $('count').textContent = library.scans ? `There is no music in ${library.root} yet.` : 'Reading the library …';
    }
  }
  setTimeout(look, found?.length ? AGAIN[1] : AGAIN[0]);
}

// ---- a track

async function open(chosen) {
  opened.abort();
  making.abort();
  clearTimeout(staying);
  opened = new AbortController();
  const { signal } = opened;
  track = chosen;
  facts = job = null;
  trouble('track', null);
  trouble('job', null);
  tracks.mark(track.id);
  $('title').textContent = track.title;
  $('artist').textContent = [track.artist, track.album].filter(Boolean).join(' – ');
  $('facts').textContent = describe(track);
  document.title = [track.title, track.artist].filter(Boolean).join(' – ');
  $('play').disabled = $('abx-button').disabled = false;
  showCover(track, $('cover'));
  wave.reset(null);
  level();
  const playing = await attempt('track', async () => {
    await player.open(chosen, query());
    return true;
  });
  if (signal.aborted) return;
  if (!playing) {
    player.pause();
    return;
  }
  wave.reset({ ...chosen, frames: player.track.frames });
  $('duration').textContent = clock(player.track.frames / player.track.rate);
  // Somebody may have chosen another treatment meanwhile.
  player.treat(query());
  make(0);
  // It is heard first and measured then: both need the same processors.
  await started(signal);
  if (signal.aborted) return;
  const known = await attempt('track', () => json(`api/tracks/${track.id}`, { signal }));
  if (signal.aborted) return;
  facts = known?.analysis;
  $('facts').textContent = describe(track);
  level();
  const peaks = await attempt('track', () => json(`api/tracks/${track.id}/peaks`, { signal }));
  if (signal.aborted || !peaks) return;
  wave.set('original', peaks);
  facts = { ...facts, peak: Math.max(...peaks.max, ...peaks.min.map((sample) => -sample)) };
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

/** A number of decibels with a minus that is as wide as a plus. */
const signed = (number) => number.toFixed(1).replace('-', '−');

function describe(of) {
  const channels = { 1: 'mono', 2: 'stereo' }[of.channels] ?? `${of.channels} channels, mixed to two`;
  const sample = `${of.sample_rate / 1000} kHz${of.bits ? ` / ${of.bits} bit` : ''}`;
  const loudness = facts?.integrated_lufs == null ? null : `${signed(facts.integrated_lufs)} LUFS`;
  return [of.codec.toUpperCase(), sample, channels, loudness].filter(Boolean).join(' · ');
}

/** Integrated loudness of the mastered version, LUFS; null where nobody knows. */
function target() {
  if (treatment.intensity === 0) return facts?.integrated_lufs ?? null;
  return job?.settled?.predicted_lufs ?? presets.find(({ name }) => name === treatment.preset)?.target_lufs ?? null;
}

/**
 * Makes both versions equally loud. Both are as much quieter as keeps the original under full scale beside the loudest
 * preset: a level that moved with the preset would be heard as its sound.
 */
function level() {
  const own = facts?.integrated_lufs ?? null;
  const wanted = target();
  if (own === null || wanted === null) {
    player.setLevels({ original: 0, trim: 0 });
    $('match').textContent = '';
    return;
  }
  const original = wanted - own;
  const loudest = Math.max(...presets.map(({ target_lufs: lufs }) => lufs));
  const peak = facts.peak ? 20 * Math.log10(facts.peak) : (facts.sample_peak_dbfs ?? 0);
  const trim = Math.min(0, own - loudest - peak);
  player.setLevels({ original, trim });
  const both = trim < -0.05 ? `, both ${signed(trim)} dB to stay under full scale` : '';
  $('match').textContent = `Equally loud: original ${original < 0 ? '' : '+'}${signed(original)} dB${both}`;
}

// ---- the treatment

let settling = 0;

function treat(change, after = 0) {
  Object.assign(treatment, change);
  $('intensity-text').textContent = `${Math.round(treatment.intensity * 100)} %`;
  $('intensity').value = treatment.intensity;
  for (const radio of document.querySelectorAll('[name=preset]')) radio.checked = radio.value === treatment.preset;
  // Whoever turns it wants to hear it.
  listenTo('mastered');
  clearTimeout(settling);
  settling = setTimeout(() => {
    if (!track) return;
    player.treat(query());
    make(STAY);
  }, after);
}

/** Has the whole rendition made, once somebody stays with it, and follows that. */
function make(after) {
  clearTimeout(staying);
  making.abort();
  making = new AbortController();
  const { signal } = making;
  const { id } = track;
  job = null;
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
    $('progress').textContent = told(status);
    if (status.settled && !settled) level();
    const over = status.state === 'done';
    if (over || performance.now() - drawn > REDRAW) {
      drawn = performance.now();
      drawMastered(id, signal);
    }
  }
}

function told({ state, ready, pieces, speed, failure }) {
  const fast = speed ? `, ${Math.round(speed)} × real time` : '';
  switch (state) {
    case 'failed':
      return `It could not be mastered: ${failure}`;
    case 'cancelled':
      return 'Somebody stopped the mastering of this version; what is played is still made.';
    case 'done':
      return `Mastered as a whole${fast}.`;
    case 'measuring':
      return 'Measuring …';
    default:
      return `Mastered: ${ready} of ${pieces} pieces${fast}.`;
  }
}

async function drawMastered(id, signal) {
  const peaks = await attempt('peaks', () => json(`api/tracks/${id}/peaks?${query()}`, { signal }));
  if (peaks && !signal.aborted) wave.set('mastered', peaks);
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
  if (!found) return setTimeout(loadPresets, AGAIN[0]);
  presets = found;
  $('presets').replaceChildren(...presets.map(presetCard));
  level();
}

function presetCard({ name, target_lufs: lufs, eq_db: bands }, n) {
  const card = document.createElement('label');
  const radio = Object.assign(document.createElement('input'), { type: 'radio', name: 'preset', value: name });
  radio.checked = name === treatment.preset;
  radio.addEventListener('change', () => treat({ preset: name }));
  card.addEventListener('pointerenter', () => player.rehearse(query(name)));
  const face = document.createElement('span');
  const part = (tag, text) => face.appendChild(Object.assign(document.createElement(tag), { textContent: text }));
  part('b', name);
  part('kbd', n + 1).ariaHidden = 'true';
  part('small', DESCRIPTIONS[name] ?? '');
  part('i', `${signed(lufs)} LUFS`);
  face.append(curve(bands));
  card.append(radio, face);
  return card;
}

/** The gains of the five bands, as bars about a line. */
function curve(bands) {
  const svg = (name, attributes) => {
    const element = document.createElementNS('http://www.w3.org/2000/svg', name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  };
  const picture = svg('svg', { viewBox: '0 0 40 18', 'aria-hidden': 'true' });
  bands.forEach((db, n) => {
    const tall = Math.abs(db) * 4;
    picture.append(svg('rect', { x: n * 8 + 1, width: 6, y: db > 0 ? 13 - tall : 13, height: Math.max(0.8, tall) }));
  });
  return picture;
}

// ---- what is pressed

const wave = new Waveform(
  $('wave'),
  $('pieces'),
  (share) => player.seek(share * player.track.frames),
  (share) => clock((share * player.track.frames) / player.track.rate),
);

const step = (seconds) => player.track && player.seek(player.position + seconds * player.track.rate);
const toggle = () => track && (player.playing ? player.pause() : player.play());
const beside = (by) => tracks.beside(by) && open(tracks.beside(by));

function setVolume(volume) {
  $('volume').value = Math.min(1, Math.max(0, volume));
  player.setVolume(Number($('volume').value));
}

$('play').addEventListener('click', toggle);
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

/** Whether the keyboard brought the focus where it is: then its keys belong to what has it. */
let byKeyboard = false;
addEventListener('pointerdown', () => (byKeyboard = false), true);

const KEYS = {
  ' ': toggle,
  x: () => listenTo(player.want === 'mastered' ? 'original' : 'mastered'),
  '[': () => treat({ intensity: Math.max(0, Math.round(treatment.intensity * 20 - 1) / 20) }, SETTLE),
  ']': () => treat({ intensity: Math.min(1, Math.round(treatment.intensity * 20 + 1) / 20) }, SETTLE),
  n: () => beside(1),
  p: () => beside(-1),
  '/': () => $('search').focus(),
  '?': () => $('help').showModal(),
  ArrowLeft: (event) => step(-STEP[Number(event.shiftKey)]),
  ArrowRight: (event) => step(STEP[Number(event.shiftKey)]),
  ArrowUp: () => setVolume(Number($('volume').value) + 0.05),
  ArrowDown: () => setVolume(Number($('volume').value) - 0.05),
};

addEventListener('keydown', (event) => {
  if (event.key === 'Tab' || event.key.startsWith('Arrow')) byKeyboard = true;
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (document.querySelector('dialog[open]')) return;
  const { target: at } = event;
  const typing = at.matches('input[type=search], input[type=password]');
  const own = byKeyboard && at.matches('button') && event.key === ' ';
  const slides = at.matches('input') && event.key.startsWith('Arrow');
  if (typing || own || slides) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const preset = presets[Number(key) - 1];
  const act = KEYS[key] ?? (preset && (() => treat({ preset: preset.name })));
  if (!act) return;
  event.preventDefault();
  // Held keys repeat; what is switched would flicker.
  if (event.repeat && !key.startsWith('Arrow') && key !== '[' && key !== ']') return;
  act(event);
});

// ---- what is shown while it plays

player.addEventListener('trouble', ({ detail }) => trouble('player', detail && `${detail}${player.playing ? '' : '; paused'}`));
player.addEventListener('refused', ({ detail }) => trouble('track', `${detail}; what was heard before goes on`));
player.addEventListener('ended', () => ($('abx').open ? player.play() : beside(1)));
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
  const duration = clock(frames / rate);
  $('elapsed').textContent = clock(seconds);
  const slider = $('wave');
  slider.removeAttribute('aria-disabled');
  slider.setAttribute('aria-valuemax', Math.round(frames / rate));
  slider.setAttribute('aria-valuenow', second);
  slider.setAttribute('aria-valuetext', `${clock(seconds)} of ${duration}`);
}

loadPresets();
look();
requestAnimationFrame(frame);
