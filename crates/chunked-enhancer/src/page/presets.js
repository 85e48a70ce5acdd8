// The presets, as cards to choose from.

import { signed } from './loudness.js';

const DESCRIPTIONS = {
  adaptive: 'as much as the track needs',
  gentle: 'small changes',
  warm: 'more lows, softer highs',
  bright: 'more presence and highs',
  punchy: 'stronger transients',
  live: 'for live recordings',
};

/** A card. `choose` is called when it is chosen, `consider` when the pointer is over it. */
export function presetCard({ name, target_lufs: lufs, eq_db: bands }, n, { chosen, choose, consider }) {
  const card = document.createElement('label');
  const radio = Object.assign(document.createElement('input'), { type: 'radio', name: 'preset', value: name });
  radio.checked = chosen === name;
  radio.addEventListener('change', () => choose(name));
  card.addEventListener('pointerenter', () => consider(name));
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
