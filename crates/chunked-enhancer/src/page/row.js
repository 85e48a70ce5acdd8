// The row of a track in a list.

import { showCover } from './cover.js';
import { element } from './rows.js';

/** Milliseconds after which the cover of a row is fetched. Rows that are scrolled past in less time do not fetch one. */
const COVER_DELAY = 80;

/** 61 -> "1:01". */
export function clock(seconds) {
  if (!Number.isFinite(seconds)) return '–:––';
  const whole = Math.floor(seconds);
  const two = (number) => String(number).padStart(2, '0');
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** The row of a track: a button that plays it, then other buttons. */
export function trackRow(track, { current = false, note = '', buttons = [] }) {
  const row = element('li', '');
  const button = element('button', 'track');
  button.type = 'button';
  if (current) button.setAttribute('aria-current', 'true');
  const words = element('span', 'words');
  const about = [track.artist, track.album].filter(Boolean).join(' – ') || String(track.path);
  const second = element('span', 'faint', about);
  words.append(element('span', 'title', track.title), second);
  if (note) second.prepend(element('span', 'note', note), ' ');
  if (track.warnings.length) {
    const mark = element('span', 'note damaged', 'damaged');
    mark.title = track.warnings.join('\n');
    second.prepend(mark, ' ');
  }
  const cover = element('span', 'cover');
  button.append(cover, words, element('span', 'length', clock(track.seconds ?? NaN)));
  const group = element('span', 'acts');
  group.append(...buttons);
  row.append(button, group);
  if (track.cover) setTimeout(() => row.isConnected && showCover(track, cover), COVER_DELAY);
  return row;
}
