// Shows the segments in the playlist.

import { surface } from "./plot.js";
import { clock } from "./text.js";

/** The segments of a media playlist: their numbers, starts in seconds after 1970, and lengths in seconds. */
export function parse(text) {
  let [number, starts, seconds] = [0, 0, 0];
  const segments = [];
  for (const line of text.split("\n")) {
    if (line.startsWith("#EXT-X-MEDIA-SEQUENCE:")) number = Number(line.split(":")[1]);
    else if (line.startsWith("#EXT-X-PROGRAM-DATE-TIME:")) starts = Date.parse(line.slice(25)) / 1000;
    else if (line.startsWith("#EXTINF:")) seconds = parseFloat(line.slice(8));
    else if (line && !line.startsWith("#")) {
      segments.push({ number, starts, seconds });
      [number, starts] = [number + 1, starts + seconds];
    }
  }
  return segments;
}

/** Draws segments, and the time `now` in seconds after 1970. Returns a sentence about them. */
export function drawWindow(canvas, segments, now) {
  const { context, width, height, color } = surface(canvas);
  const [first, last] = [segments[0], segments.at(-1)];
  if (!first) return "There is no segment yet.";
  const end = last.starts + last.seconds;
  const [from, to] = [first.starts, Math.max(end, now) + 1];
  const x = (time) => ((time - from) / (to - from)) * width;
  const [top, bottom] = [18, height - 16];
  context.textBaseline = "middle";
  for (const { number, starts, seconds } of segments) {
    const [left, right] = [x(starts), x(starts + seconds)];
    context.fillStyle = color(number % 2 ? "accent" : "second");
    context.globalAlpha = 0.75;
    context.fillRect(left + 1, top, Math.max(1, right - left - 2), bottom - top);
    context.globalAlpha = 1;
    context.fillStyle = color("back");
    context.textAlign = "center";
    const text = String(number);
    if (context.measureText(text).width < right - left - 4) context.fillText(text, (left + right) / 2, (top + bottom) / 2);
  }
  context.strokeStyle = color("text");
  context.lineWidth = 2;
  context.beginPath();
  context.moveTo(x(now), top - 4);
  context.lineTo(x(now), bottom + 2);
  context.stroke();
  context.fillStyle = color("text");
  context.textAlign = "right";
  context.fillText("now", Math.min(width, x(now) + 14), 7);
  context.fillStyle = color("dim");
  context.textAlign = "left";
  const exact = { hour: "2-digit", minute: "2-digit", second: "2-digit" };
  context.fillText(clock(from, exact), 0, height - 6);
  context.textAlign = "right";
  context.fillText(clock(end, exact), width, height - 6);
  const age = now - end;
  const when = age >= 0 ? `ended ${age.toFixed(1)} s ago` : `ends in ${(-age).toFixed(1)} s`;
  return `Segments ${first.number} to ${last.number}, ${(end - from).toFixed(0)} s; the newest one ${when}.`;
}
