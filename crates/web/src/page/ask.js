// Requests to the server that sent the page. URLs are relative, because a proxy may serve the page under any path.

/** The error of a request that failed. */
export class Refusal extends Error {
  /** @param {number} status The HTTP status, 0 when there was no response. */
  constructor(status, text) {
    super(text);
    this.status = status;
  }

  /** Whether the same request may succeed later. */
  get temporary() {
    return this.status === 0 || this.status === 503 || this.status === 500;
  }
}

/** The name under which the token is stored until the tab is closed. */
let storageName = 'token';
let token = null;
/** The promise of the token for which the user is being asked; null when the user is not being asked. */
let pendingToken = null;
let askForToken = () => Promise.reject(new Refusal(401, 'a token is needed'));

/**
 * Sets the function that asks the user for a token when the server needs one.
 * @param {string} name The name under which the token is stored. Servers behind one proxy share the storage.
 * @param ask The function. Its argument says whether a token was refused already. It resolves to the token that the user has typed.
 * When it rejects, it is not called again.
 */
export function onToken(name, ask) {
  storageName = name;
  token = sessionStorage.getItem(name);
  askForToken = ask;
}

async function errorText(response) {
  try {
    return (await response.json()).error;
  } catch {
    return `the server answered ${response.status} ${response.statusText}`;
  }
}

/** The token that the user types. One that no header can carry is wrong in any case. */
async function typedToken(refused) {
  const typed = await askForToken(refused);
  return /^[\x20-\x7e]+$/.test(typed) ? typed : typedToken(true);
}

/** Does a `fetch` with the token. A response without success is thrown as a {@link Refusal} with the error text of the server. */
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
      // Several requests may be refused at once; the user is asked once.
      if (token === sent) {
        pendingToken ??= typedToken(sent !== null).then((typed) => {
          pendingToken = null;
          return typed;
        });
        token = await pendingToken;
      }
      continue;
    }
    if (sent !== null) sessionStorage.setItem(storageName, sent);
    if (!response.ok) throw new Refusal(response.status, await errorText(response));
    return response;
  }
}

/** A URL with the token in its query, if there is a token. It is meant for links and images, which cannot send a header. */
export function address(path) {
  if (!token) return path;
  return `${path}${path.includes('?') ? '&' : '?'}access_token=${encodeURIComponent(token)}`;
}

/**
 * Sends a file as the body of a POST, and resolves to the JSON of the response. It does not use `fetch`, which does not report the
 * progress of sending.
 * @param {{signal: AbortSignal, progress}} options `progress` is called with the fraction that has been sent, 0 to 1.
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
    request.addEventListener('error', () => refuse(0, 'the server does not answer, or does not receive the rest of the file'));
    request.addEventListener('abort', () => reject(new DOMException('cancelled', 'AbortError')));
    signal.addEventListener('abort', () => request.abort());
    request.send(file);
  });
}

/** Requests a URL, and resolves to the JSON of the response. */
export async function json(path, options) {
  return (await ask(path, options)).json();
}

/** Yields the server-sent events of a URL, one after the other. They are parsed here, because an EventSource cannot send a token. */
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
