// Cover pictures of tracks.

import { ask } from './ask.js';

/**
 * Draws the cover of a track into an element, at the size of the element: covers of full size would need too much memory in a list of
 * thousands of tracks.
 */
export async function showCover(track, element) {
  element.querySelector('canvas')?.remove();
  element.dataset.track = track.id;
  if (!track.cover) return;
  let cover;
  try {
    const response = await ask(`api/tracks/${track.id}/cover`, { cache: 'default' });
    cover = await createImageBitmap(await response.blob());
  } catch {
    return; // A cover that cannot be decoded is not shown.
  }
  if (element.dataset.track === track.id) {
    const canvas = document.createElement('canvas');
    const side = Math.round(element.clientWidth * (window.devicePixelRatio || 1));
    canvas.width = canvas.height = side;
    const context = canvas.getContext('2d');
    context.imageSmoothingQuality = 'high';
    const scale = side / Math.min(cover.width, cover.height);
    const [width, height] = [cover.width * scale, cover.height * scale];
    context.drawImage(cover, (side - width) / 2, (side - height) / 2, width, height);
    element.querySelector('canvas')?.remove();
    element.append(canvas);
  }
  cover.close();
}
