// Decodes WAV as the server sends it: 16-bit stereo after a RIFF or RF64 header.

/** The most bytes that a header has. */
export const HEADER_AT_MOST = 1024;
/** The number of bytes of a frame. */
export const FRAME = 4;

/**
 * Reads a header.
 * @param {ArrayBuffer} bytes The first bytes of the file.
 * @returns {{rate: number, frames: number, header: number}} The sample rate, the number of frames, and the bytes before them.
 */
export function readHeader(bytes) {
  const view = new DataView(bytes);
  const name = (at) => String.fromCharCode(...new Uint8Array(bytes, at, 4));
  let rate = 0;
  let long = null;
  for (let at = 12; at + 8 <= bytes.byteLength; ) {
    const size = view.getUint32(at + 4, true);
    const body = at + 8;
    switch (name(at)) {
      case 'ds64':
        long = Number(view.getBigUint64(body + 8, true));
        break;
      case 'fmt ':
        if (view.getUint16(body + 2, true) !== 2 || view.getUint16(body + 14, true) !== 16) {
          throw new Error('the stream is not 16-bit stereo');
        }
        rate = view.getUint32(body + 4, true);
        break;
      case 'data':
        if (!rate) throw new Error('the header of the stream has no sample rate before its data');
        return { rate, frames: Math.floor((size === 0xffffffff ? long : size) / FRAME), header: body };
    }
    at = body + size + (size % 2);
  }
  throw new Error('the stream has no WAV header');
}

/** Frames `from` to `to` of interleaved 16-bit samples, as an AudioBuffer. */
export function decode(context, bytes, from, to) {
  const buffer = context.createBuffer(2, to - from, context.sampleRate);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const left = buffer.getChannelData(0);
  const right = buffer.getChannelData(1);
  for (let n = 0, at = from * FRAME; n < to - from; n += 1, at += FRAME) {
    left[n] = view.getInt16(at, true) / 32768;
    right[n] = view.getInt16(at + 2, true) / 32768;
  }
  return buffer;
}
