// The cards with which a preset is chosen.

import { signed } from './loudness.js';

const DESCRIPTIONS = {
  adaptive: 'as much as the track needs',
  gentle: 'small changes',
  warm: 'more lows, softer highs',
  bright: 'more presence and highs',
  punchy: 'stronger transients',
  live: 'for live recordings',
};

/** The card of a preset. `choose` is called when it is chosen, `prepare` when the pointer enters it. */
export function presetCard({ name, target_lufs: lufs, eq_db: bands }, n, { chosen, choose, prepare }) {
  const card = document.createElement('label');
  const radio = Object.assign(document.createElement('input'), { type: 'radio', name: 'preset', value: name });
  radio.checked = chosen === name;
  radio.addEventListener('change', () => choose(name));
  card.addEventListener('pointerenter', () => prepare(name));
  const face = document.createElement('span');
  const add = (tag, text) => face.appendChild(Object.assign(document.createElement(tag), { textContent: text }));
  add('b', name);
  add('kbd', n + 1).ariaHidden = 'true';
  add('small', DESCRIPTIONS[name] ?? '');
  add('i', `${signed(lufs)} LUFS`);
  face.append(bandChart(bands));
  card.append(radio, face);
  return card;
}

/** The gains of the five bands, as bars above and below a line. */
function bandChart(bands) {
  const svg = (name, attributes) => {
    const element = document.createElementNS('http://www.w3.org/2000/svg', name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  };
  const chart = svg('svg', { viewBox: '0 0 40 18', 'aria-hidden': 'true' });
  bands.forEach((db, n) => {
    const height = Math.abs(db) * 4;
    chart.append(svg('rect', { x: n * 8 + 1, width: 6, y: db > 0 ? 13 - height : 13, height: Math.max(0.8, height) }));
  });
  return chart;
}
