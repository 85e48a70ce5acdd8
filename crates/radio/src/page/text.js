// Times and names as text, and rows of lists.

/** A time of day, from seconds after 1970. */
export const clock = (seconds, options = { hour: "2-digit", minute: "2-digit" }) =>
  new Date(seconds * 1000).toLocaleTimeString([], options);

/** A length in minutes and seconds: 3:05; from an hour on 1:03:05. */
export function minutes(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (number) => String(number).padStart(2, "0");
  const [hours, rest] = [Math.floor(whole / 3600), whole % 3600];
  return hours ? `${hours}:${two(Math.floor(rest / 60))}:${two(rest % 60)}` : `${Math.floor(rest / 60)}:${two(rest % 60)}`;
}

/** The artist, if there is one, and the title. */
export const nameOf = ({ artist, title }) => (artist ? `${artist} – ${title}` : title);

/** An element with a class and text. */
export function part(tag, className, text = "") {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.textContent = text;
  return element;
}

/** Sets the text of an element, if it is another one: what is set again may be read aloud again. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** A row of a list: a time, then elements or texts. */
export function row(time, className, ...parts) {
  const row = part("li", className);
  row.append(part("time", "", time), ...parts.map((one) => (typeof one === "string" ? part("span", "name clamped", one) : one)));
  return row;
}
