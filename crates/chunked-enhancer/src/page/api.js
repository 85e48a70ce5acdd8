// What the server makes, and how far it is.

import { events, json } from './ask.js';

/** Has a rendition made as a whole, in the background. */
export function prepare(track, preset, intensity) {
  const body = JSON.stringify({ track, preset, intensity, bits: '16' });
  return json('api/jobs', { method: 'POST', body, headers: { 'Content-Type': 'application/json' } });
}

/** How far a job is, each time that changes, until it is over. */
export function progress(job, signal) {
  return events(`api/jobs/${job}/events`, signal);
}
