// The list of tracks: searched, walked through by keys, chosen from.

import { ask } from './ask.js';

/** 61 -> "1:01". */
export function clock(seconds) {
  if (!Number.isFinite(seconds)) return '–:––';
  const whole = Math.floor(seconds);
  const two = (number) => String(number).padStart(2, '0');
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** Lower case, without accents. */
const plain = (text) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

/** Draws a track's picture into an element, as small as it is shown: a library has thousands. */
export async function showCover(track, element) {
  element.querySelector('canvas')?.remove();
  element.dataset.track = track.id;
  if (!track.cover) return;
  let picture;
  try {
    const response = await ask(`api/tracks/${track.id}/cover`, { cache: 'default' });
    picture = await createImageBitmap(await response.blob());
  } catch {
    return; // A picture that cannot be shown is none.
  }
  if (element.dataset.track === track.id) {
    const canvas = document.createElement('canvas');
    const side = Math.round(element.clientWidth * (window.devicePixelRatio || 1));
    canvas.width = canvas.height = side;
    const context = canvas.getContext('2d');
    context.imageSmoothingQuality = 'high';
    const scale = side / Math.min(picture.width, picture.height);
    const [width, height] = [picture.width * scale, picture.height * scale];
    context.drawImage(picture, (side - width) / 2, (side - height) / 2, width, height);
    element.querySelector('canvas')?.remove();
    element.append(canvas);
  }
  picture.close();
}

export class Tracks {
  /** @param choose Called with the track that was chosen. */
  constructor(list, search, count, choose) {
    Object.assign(this, { list, search, count, choose, rows: [], current: null });
    search.addEventListener('input', () => this.filter());
    list.addEventListener('click', (event) => {
      const row = event.target.closest('button')?.row;
      if (row) this.choose(row.track);
    });
    list.addEventListener('keydown', (event) => this.walk(event));
    search.addEventListener('keydown', (event) => {
      if (event.key === 'ArrowDown') this.focus(this.shown()[0]);
      if (event.key === 'Enter') this.shown()[0]?.button.click();
      if (event.key === 'Escape') {
        search.value = '';
        this.filter();
        search.blur();
      }
    });
    this.seen = new IntersectionObserver((entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting) continue;
        this.seen.unobserve(target);
        showCover(target.row.track, target.querySelector('.cover'));
      }
    });
  }

  /** Shows these tracks. Rows that stay keep their place on the screen and the focus. */
  set(tracks) {
    if (JSON.stringify(tracks) === this.json) return;
    this.json = JSON.stringify(tracks);
    const focused = document.activeElement?.row?.track.id;
    this.seen.disconnect();
    this.rows = tracks.map((track) => this.row(track));
    this.list.replaceChildren(...this.rows.map((row) => row.item));
    this.filter();
    this.mark(this.current);
    if (focused) this.focus(this.rows.find((row) => row.track.id === focused));
  }

  row(track) {
    const element = (name, className, text = '') => {
      const made = document.createElement(name);
      made.className = className;
      made.textContent = text;
      return made;
    };
    const item = element('li', '');
    const button = element('button', '');
    button.type = 'button';
    button.tabIndex = -1;
    const words = element('span', 'words');
    const about = [track.artist, track.album].filter(Boolean).join(' – ') || String(track.path);
    words.append(element('span', 'title', track.title), element('span', 'faint', about));
    button.append(element('span', 'cover'), words, element('span', 'length', clock(track.seconds ?? NaN)));
    item.append(button);
    const row = { track, item, button };
    row.text = plain([track.title, track.artist, track.album, track.path].filter(Boolean).join(' '));
    button.row = row;
    this.seen.observe(button);
    return row;
  }

  shown() {
    return this.rows.filter((row) => !row.item.hidden);
  }

  filter() {
    const words = plain(this.search.value).split(/\s+/).filter(Boolean);
    for (const row of this.rows) row.item.hidden = !words.every((word) => row.text.includes(word));
    const shown = this.shown();
    const tracks = `${this.rows.length} track${this.rows.length === 1 ? '' : 's'}`;
    this.count.textContent = words.length ? `${shown.length} of ${tracks}` : tracks;
    this.enter();
  }

  /** One row takes part in tabbing: the one that plays, else the first. */
  enter(row = this.shown().find(({ track }) => track.id === this.current) ?? this.shown()[0]) {
    for (const other of this.rows) other.button.tabIndex = other === row ? 0 : -1;
  }

  focus(row) {
    if (!row) return;
    this.enter(row);
    row.button.focus();
  }

  walk(event) {
    const shown = this.shown();
    const at = shown.indexOf(document.activeElement.row);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: shown.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    if (to < 0) this.search.focus();
    else this.focus(shown[Math.min(to, shown.length - 1)]);
  }

  /** Shows which one plays. */
  mark(id) {
    this.current = id;
    for (const { track, button } of this.rows) {
      if (track.id === id) button.setAttribute('aria-current', 'true');
      else button.removeAttribute('aria-current');
    }
    if (document.activeElement?.closest('#tracks') === null) this.enter();
  }

  /** The track so many places after the one that plays. */
  beside(by) {
    const shown = this.shown();
    const at = shown.findIndex(({ track }) => track.id === this.current);
    return shown[at + by]?.track;
  }
}
