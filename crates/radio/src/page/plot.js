// Draws figures over time.

const MARGIN = { left: 44, right: 6, top: 14, bottom: 18 };

/** Prepares a canvas for its size on the page, and returns what is needed to draw on it. */
export function surface(canvas) {
  const scale = window.devicePixelRatio || 1;
  const { width, height } = canvas.getBoundingClientRect();
  if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
  }
  const context = canvas.getContext("2d");
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  context.font = "11px system-ui, sans-serif";
  const style = getComputedStyle(document.documentElement);
  return { context, width, height, color: (name) => style.getPropertyValue(`--${name}`).trim() };
}

// A step of 1, 2 or 5 times a power of ten, so that there are about four of them.
function stepOf(span) {
  const power = 10 ** Math.floor(Math.log10(span / 4));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => span / step <= 5);
}

/**
 * Draws lines over time.
 * @param {number[]} times Seconds after 1970, growing.
 * @param {{name: string, color: string, values: (number|null)[]}[]} lines Where a value is null, the line is interrupted.
 * @param {{from: number, to: number, least?: number, most?: number, marks?: {value: number, text: string}[]}} options The span of time; values
 * that are always shown; horizontal lines.
 */
export function plot(canvas, times, lines, { from, to, least = Infinity, most = -Infinity, marks = [] }) {
  const { context, width, height, color } = surface(canvas);
  const numbers = lines.flatMap((line) => line.values).concat(marks.map((mark) => mark.value)).filter(Number.isFinite);
  let low = Math.min(least, ...numbers);
  let high = Math.max(most, ...numbers);
  if (!Number.isFinite(low) || !Number.isFinite(high)) [low, high] = [0, 1];
  if (high - low < 1) high = low + 1;
  const step = stepOf(high - low);
  [low, high] = [Math.floor(low / step) * step, Math.ceil(high / step) * step];
  const [right, bottom] = [width - MARGIN.right, height - MARGIN.bottom];
  const x = (time) => MARGIN.left + ((time - from) / (to - from)) * (right - MARGIN.left);
  const y = (value) => bottom - ((value - low) / (high - low)) * (bottom - MARGIN.top);

  context.lineWidth = 1;
  context.textBaseline = "middle";
  for (let value = low; value <= high + step / 2; value += step) {
    context.strokeStyle = color("line");
    context.beginPath();
    context.moveTo(MARGIN.left, y(value));
    context.lineTo(right, y(value));
    context.stroke();
    context.fillStyle = color("dim");
    context.textAlign = "right";
    context.fillText(String(Number(value.toFixed(6))), MARGIN.left - 6, y(value));
  }
  context.textBaseline = "bottom";
  [from, (from + to) / 2, to].forEach((time, index) => {
    context.textAlign = ["left", "center", "right"][index];
    const text = new Date(time * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    context.fillText(text, x(time), height);
  });
  for (const { value, text } of marks) {
    context.strokeStyle = color("dim");
    context.setLineDash([4, 4]);
    context.beginPath();
    context.moveTo(MARGIN.left, y(value));
    context.lineTo(right, y(value));
    context.stroke();
    context.setLineDash([]);
    context.textAlign = "right";
    context.fillText(text, right, y(value) - 2);
  }
  let place = MARGIN.left;
  for (const line of lines) {
    context.strokeStyle = color(line.color);
    context.lineWidth = 2;
    context.beginPath();
    let drawing = false;
    line.values.forEach((value, index) => {
      // Where rows are missing, nothing is known.
      const follows = index > 0 && times[index] - times[index - 1] < Math.max(60, (to - from) / 40);
      if (!Number.isFinite(value) || times[index] < from) drawing = false;
      else {
        if (drawing && follows) context.lineTo(x(times[index]), y(value));
        else {
          context.moveTo(x(times[index]) - 1, y(value));
          context.lineTo(x(times[index]), y(value));
        }
        drawing = true;
      }
    });
    context.stroke();
    context.fillStyle = color(line.color);
    context.textAlign = "left";
    context.textBaseline = "top";
    context.fillText(line.name, place, 0);
    place += context.measureText(line.name).width + 14;
  }
}
