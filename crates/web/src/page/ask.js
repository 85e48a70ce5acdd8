// Asking the server that sent the page. Addresses are relative: the page may lie under any path, behind a proxy.

/** The server said no. */
export class Refusal extends Error {
  /** @param {number} status HTTP's, 0 when there was no answer. */
  constructor(status, text) {
    super(text);
    this.status = status;
  }

  /** Whether the same request may well be answered later. */
  get passing() {
    return this.status === 0 || this.status === 503 || this.status === 500;
  }
}

/** Under which name the token is kept until the tab is closed. */
let kept = 'token';
let token = null;
let asked = null;
let askForToken = () => Promise.reject(new Refusal(401, 'a token is needed'));

/**
 * Says what to do when the server needs a token.
 * @param {string} name Under which it is kept: servers behind one proxy share the place.
 * @param ask Called with whether one was tried already; resolves to what was typed, or rejects. It is not called again then.
 */
export function onToken(name, ask) {
  kept = name;
  token = sessionStorage.getItem(name);
  askForToken = ask;
}

async function words(response) {
  try {
    return (await response.json()).error;
  } catch {
    return `the server answered ${response.status} ${response.statusText}`;
  }
}

/** As `fetch`, with the token; what is no success is thrown as a {@link Refusal} in the server's words. */
export async function ask(path, options = {}) {
  for (;;) {
    const sent = token;
    const headers = { ...options.headers, ...(sent && { Authorization: `Bearer ${sent}` }) };
    let response;
    try {
      response = await fetch(path, { cache: 'no-store', ...options, headers });
    } catch (error) {
      if (error.name === 'AbortError') throw error;
      throw new Refusal(0, 'the server does not answer');
    }
    if (response.status === 401) {
      // Many requests may be refused at once, and one question is enough.
      if (token === sent) {
        asked ??= askForToken(sent !== null).then((typed) => {
          asked = null;
          sessionStorage.setItem(kept, typed);
          return typed;
        });
        token = await asked;
      }
      continue;
    }
    if (!response.ok) throw new Refusal(response.status, await words(response));
    return response;
  }
}

/** An address for what cannot send a header, a link or a picture: with the token, where there is one. */
export function address(path) {
  if (!token) return path;
  return `${path}${path.includes('?') ? '&' : '?'}access_token=${encodeURIComponent(token)}`;
}

/**
 * Sends a file as the body of a POST, and gives the JSON that comes back. A `fetch` does not tell how much of it is sent.
 * @param {{signal: AbortSignal, progress}} how `progress` is called with the share that is sent, 0 to 1.
 */
export function send(path, file, { signal, progress }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', path);
    request.responseType = 'json';
    request.setRequestHeader('Content-Type', 'application/octet-stream');
    if (token) request.setRequestHeader('Authorization', `Bearer ${token}`);
    request.upload.addEventListener('progress', ({ loaded, total }) => progress(total ? loaded / total : 0));
    const refuse = (status, text) => reject(new Refusal(status, text));
    request.addEventListener('load', () => {
      if (request.status < 300) resolve(request.response);
      else refuse(request.status, request.response?.error ?? `the server answered ${request.status} ${request.statusText}`);
    });
    request.addEventListener('error', () => refuse(0, 'the server does not answer, or took no more of it'));
    request.addEventListener('abort', () => reject(new DOMException('called off', 'AbortError')));
    signal.addEventListener('abort', () => request.abort());
    request.send(file);
  });
}

/** JSON of an address. */
export async function json(path, options) {
  return (await ask(path, options)).json();
}

/** Server-sent events of an address, one after the other, read by hand: an EventSource cannot send a token. */
export async function* events(path, signal) {
  const response = await ask(path, { signal, headers: { Accept: 'text/event-stream' } });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    text += value;
    const events = text.split('\n\n');
    text = events.pop();
    for (const event of events) {
      const data = event.split('\n').filter((line) => line.startsWith('data:'));
      if (data.length) yield JSON.parse(data.map((line) => line.slice(5)).join('\n'));
    }
  }
}
