// Starts jobs of the server and reads their progress.

import { events, json } from './ask.js';

/** Starts a job that makes a whole rendition in the background. */
export function prepare(track, preset, intensity) {
  const body = JSON.stringify({ track, preset, intensity, bits: '16' });
  return json('api/jobs', { method: 'POST', body, headers: { 'Content-Type': 'application/json' } });
}

/** The progress of a job, each time it changes, until the job ends. */
export function progress(job, signal) {
  return events(`api/jobs/${job}/events`, signal);
}
