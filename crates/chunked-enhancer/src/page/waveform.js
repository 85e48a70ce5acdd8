// Waveforms of both versions, and a bar that shows which chunks of the mastered one exist.

/** The number of frames of a chunk on the server is a multiple of this. */
const CHUNK_ALIGN = 4096;
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

/** Draws the peaks of a lane as bars. Where they are not known yet it draws a thin line. */
function drawBars(canvas, peaks, style) {
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
   * @param {HTMLElement} chunkBar The bar of the chunks.
   * @param seek Called with a position in the track, 0 to 1.
   * @param positionText Returns the text for a position.
   */
  constructor(element, chunkBar, seek, positionText) {
    Object.assign(this, { element, chunkBar, peaks: {}, chunkStates: '', track: null });
    this.hover = element.querySelector('.hover');
    new ResizeObserver(() => this.draw()).observe(element);
    const share = (event) => {
      const box = element.getBoundingClientRect();
      return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    };
    element.addEventListener('pointermove', (event) => {
      if (!this.track) return;
      const at = share(event);
      this.hover.textContent = positionText(at);
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
    Object.assign(this, { peaks: {}, chunkStates: '', track });
    this.draw();
    this.drawChunks();
  }

  /** Sets the peaks of a version. */
  set(lane, peaks) {
    this.peaks[lane] = peaks;
    this.drawLane(lane);
  }

  /** Sets the states of the chunks: a string with a digit for each, 0 missing, 1 being made, 2 complete. */
  setChunkStates(states) {
    if (states === this.chunkStates) return;
    this.chunkStates = states;
    this.drawChunks();
  }

  /** Sets the position of the playhead, 0 to 1. */
  setPosition(share) {
    this.element.style.setProperty('--played', share);
  }

  draw() {
    this.drawLane('original');
    this.drawLane('mastered');
    this.drawChunks();
  }

  drawLane(lane) {
    const [rest, played] = this.element.querySelectorAll(`[data-lane=${lane}] canvas`);
    drawBars(rest, this.peaks[lane], '--rest');
    drawBars(played, this.peaks[lane], '--bar');
  }

  drawChunks() {
    const { context, width, height } = prepare(this.chunkBar.querySelector('canvas'));
    const { chunkStates: states, track } = this;
    const complete = [...states].filter((digit) => digit === '2').length;
    this.chunkBar.setAttribute('aria-valuenow', states ? Math.round((100 * complete) / states.length) : 0);
    if (!track) return;
    // The first chunk has one second, the second the remaining 29 seconds, and each further one 30 seconds.
    const chunkFrames = (seconds) => Math.max(1, Math.floor((seconds * track.sample_rate) / CHUNK_ALIGN)) * CHUNK_ALIGN;
    const long = chunkFrames(30);
    const starts = [0, chunkFrames(1)];
    for (let n = 2; n <= states.length; n += 1) starts.push((n - 1) * long);
    const x = (n) => Math.min(1, starts[n] / track.frames) * width;
    const colours = ['--chunk-missing', '--chunk-making', '--bar-mastered'].map((name) => colour(this.chunkBar, name));
    [...states].forEach((digit, n) => {
      const end = n + 1 === states.length ? width : x(n + 1);
      context.fillStyle = colours[digit];
      context.fillRect(x(n), 0, Math.max(1, end - x(n) - 1), height);
    });
  }
}
