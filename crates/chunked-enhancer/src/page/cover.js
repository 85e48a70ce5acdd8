// Pictures of tracks.

import { ask } from './ask.js';

/** Draws the picture of a track into an element, at the size at which it is shown, because a library has thousands. */
export async function showCover(track, element) {
  element.querySelector('canvas')?.remove();
  element.dataset.track = track.id;
  if (!track.cover) return;
  let picture;
  try {
    const response = await ask(`api/tracks/${track.id}/cover`, { cache: 'default' });
    picture = await createImageBitmap(await response.blob());
  } catch {
    return; // A picture that cannot be decoded is not shown.
  }
  if (element.dataset.track === track.id) {
    const canvas = document.createElement('canvas');
    const side = Math.round(element.clientWidth * (window.devicePixelRatio || 1));
    canvas.width = canvas.height = side;
    const context = canvas.getContext('2d');
    context.imageSmoothingQuality = 'high';
    const scale = side / Math.min(picture.width, picture.height);
    const [width, height] = [picture.width * scale, picture.height * scale];
    context.drawImage(picture, (side - width) / 2, (side - height) / 2, width, height);
    element.querySelector('canvas')?.remove();
    element.append(canvas);
  }
  picture.close();
}
