// Waveforms of both versions, and a bar that shows which chunks of the mastered one exist.

/** The frames of a chunk of the server are a multiple of this. */
const BLOCK = 4096;
/** Pixels of a bar, and of the gap after it. */
const BAR = [2, 1];

function prepare(canvas) {
  const { clientWidth: width, clientHeight: height } = canvas;
  const scale = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const context = canvas.getContext('2d');
  context.scale(scale, scale);
  return { context, width, height };
}

function colour(element, name) {
  return getComputedStyle(element).getPropertyValue(name).trim();
}

/** Draws the peaks of a lane as bars, and a thin line where they are not known yet. */
function bars(canvas, peaks, style) {
  const { context, width, height } = prepare(canvas);
  context.fillStyle = colour(canvas, style);
  const middle = height / 2;
  const columns = peaks?.max.length ?? 0;
  for (let x = 0; x < width; x += BAR[0] + BAR[1]) {
    const from = Math.floor((x / width) * columns);
    const to = Math.max(from + 1, Math.floor(((x + BAR[0] + BAR[1]) / width) * columns));
    let low = Infinity;
    let high = -Infinity;
    for (let n = from; n < Math.min(to, columns); n += 1) {
      if (peaks.max[n] === null) continue;
      low = Math.min(low, peaks.min[n]);
      high = Math.max(high, peaks.max[n]);
    }
    if (high < low) {
      context.globalAlpha = 0.35;
      context.fillRect(x, middle - 0.5, BAR[0], 1);
      context.globalAlpha = 1;
      continue;
    }
    const top = middle - high * (middle - 1);
    const bottom = middle - low * (middle - 1);
    context.fillRect(x, Math.min(top, middle - 0.5), BAR[0], Math.max(1, bottom - top));
  }
}

export class Waveform {
  /**
   * @param {HTMLElement} element The slider with its lanes.
   * @param {HTMLElement} pieces The bar of the chunks.
   * @param seek Called with a position in the track, 0 to 1.
   * @param text Returns the text for a position.
   */
  constructor(element, pieces, seek, text) {
    Object.assign(this, { element, pieces, peaks: {}, map: '', track: null });
    this.hover = element.querySelector('.hover');
    new ResizeObserver(() => this.draw()).observe(element);
    const share = (event) => {
      const box = element.getBoundingClientRect();
      return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    };
    element.addEventListener('pointermove', (event) => {
      if (!this.track) return;
      const at = share(event);
      this.hover.textContent = text(at);
      element.style.setProperty('--hover', at);
      element.classList.add('hovered');
    });
    element.addEventListener('pointerleave', () => element.classList.remove('hovered'));
    element.addEventListener('pointerdown', (event) => {
      if (this.track && event.button === 0) element.setPointerCapture(event.pointerId);
    });
    element.addEventListener('pointerup', (event) => {
      if (this.track && element.hasPointerCapture(event.pointerId)) seek(share(event));
    });
  }

  /** Changes to another track, whose peaks are not known yet. */
  reset(track) {
    Object.assign(this, { peaks: {}, map: '', track });
    this.draw();
    this.drawPieces();
  }

  /** Sets the peaks of a version. */
  set(lane, peaks) {
    this.peaks[lane] = peaks;
    this.drawLane(lane);
  }

  /** Sets the state of the chunks: a digit for each. */
  setMap(map) {
    if (map === this.map) return;
    this.map = map;
    this.drawPieces();
  }

  /** Sets the position of the playhead, 0 to 1. */
  place(share) {
    this.element.style.setProperty('--played', share);
  }

  draw() {
    this.drawLane('original');
    this.drawLane('mastered');
    this.drawPieces();
  }

  drawLane(lane) {
    const [rest, played] = this.element.querySelectorAll(`[data-lane=${lane}] canvas`);
    bars(rest, this.peaks[lane], '--rest');
    bars(played, this.peaks[lane], '--bar');
  }

  drawPieces() {
    const { context, width, height } = prepare(this.pieces.querySelector('canvas'));
    const { map, track } = this;
    const made = [...map].filter((digit) => digit === '2').length;
    this.pieces.setAttribute('aria-valuenow', map ? Math.round((100 * made) / map.length) : 0);
    if (!track) return;
    // The chunks of the server: one second, the remaining 29 seconds, then 30 seconds each.
    const whole = (seconds) => Math.max(1, Math.floor((seconds * track.sample_rate) / BLOCK)) * BLOCK;
    const long = whole(30);
    const starts = [0, whole(1)];
    for (let n = 2; n <= map.length; n += 1) starts.push((n - 1) * long);
    const x = (n) => Math.min(1, starts[n] / track.frames) * width;
    const colours = ['--piece-none', '--piece-making', '--bar-mastered'].map((name) => colour(this.pieces, name));
    [...map].forEach((digit, n) => {
      const end = n + 1 === map.length ? width : x(n + 1);
      context.fillStyle = colours[digit];
      context.fillRect(x(n), 0, Math.max(1, end - x(n) - 1), height);
    });
  }
}
