// Computes the gains that make both versions equally loud, and the texts about their loudness.

/** A number of decibels with one decimal. Its minus sign is as wide as a plus sign. */
export const signed = (number) => number.toFixed(1).replace('-', '−');

const lufs = (number) => (number == null ? '–' : `${signed(number)} LUFS`);
const decibels = (peak) => 20 * Math.log10(peak);

/** The highest sample of a waveform, full scale 1; null while the waveform is incomplete. */
export function peakOf({ min, max }) {
  if (max.includes(null)) return null;
  return max.reduce((peak, high, n) => Math.max(peak, high, -min[n]), 0);
}

/** Integrated loudness of the mastered version, or its target, LUFS; null when neither is known. */
export function masteredLoudness({ treatment, presets, analysis, job }) {
  if (treatment.intensity === 0) return analysis?.integrated_lufs ?? null;
  return job?.settled?.predicted_lufs ?? presetTarget(presets, treatment);
}

const presetTarget = (presets, { preset }) => presets.find(({ name }) => name === preset)?.target_lufs ?? null;

/**
 * The gains that make both versions equally loud, in decibels, and a text about them. Both versions are turned down
 * so far that the original stays under full scale with the loudest preset. This gain does not depend on the chosen preset, because a
 * change of level would be mistaken for a change of sound.
 */
export function match(known) {
  const { analysis, presets } = known;
  const source = analysis?.integrated_lufs ?? null;
  const mastered = masteredLoudness(known);
  if (source === null || mastered === null) return { levels: { original: 0, trim: 0 }, text: '' };
  const original = mastered - source;
  const loudest = Math.max(...presets.map(({ target_lufs: loud }) => loud));
  const peak = analysis.peak ? decibels(analysis.peak) : (analysis.sample_peak_dbfs ?? 0);
  const trim = Math.min(0, source - loudest - peak);
  const both = trim < -0.05 ? `, both ${signed(trim)} dB to stay under full scale` : '';
  return {
    levels: { original, trim },
    text: `Equally loud: original ${original < 0 ? '' : '+'}${signed(original)} dB${both}`,
  };
}

function peakText(truePeak, samplePeak) {
  if (truePeak != null) return `${signed(truePeak)} dBTP`;
  return samplePeak == null ? '–' : `${signed(samplePeak)} dBFS`;
}

/** The texts about both versions: loudness, peak, target, shortfall and notes. */
export function numbers({ treatment, presets, analysis, job, masteredPeak }) {
  const settled = job?.settled;
  const bypassed = treatment.intensity === 0;
  const originalPeak = peakText(analysis?.true_peak_dbtp, analysis?.peak ? decibels(analysis.peak) : analysis?.sample_peak_dbfs);
  const mastered = bypassed ? analysis?.integrated_lufs : settled?.predicted_lufs;
  const target = settled?.target_lufs ?? presetTarget(presets, treatment);
  const notes = [];
  if (bypassed && analysis) notes.push('At intensity 0 the original is played.');
  if (analysis?.range_lu >= 0.05) notes.push(`Loudness range of the original: ${analysis.range_lu.toFixed(1)} LU.`);
  if (analysis?.downmix_gain_db) notes.push(`Its channels are mixed to stereo, ${signed(analysis.downmix_gain_db)} dB.`);
  return {
    original: [lufs(analysis?.integrated_lufs), originalPeak],
    mastered: [lufs(mastered), bypassed ? originalPeak : peakText(null, masteredPeak && decibels(masteredPeak))],
    target: bypassed || target === null || lufs(target) === lufs(mastered) ? '' : `target ${lufs(target)}`,
    shortfall: settled?.shortfall ? shortfallText(settled.shortfall, target) : '',
    notes: notes.join(' '),
  };
}

/** The text about a track that does not reach the target loudness of its preset. The server gives the reason. */
function shortfallText({ lu, reason }, target) {
  return `${lu.toFixed(1)} LU below ${lufs(target)}, the target of the preset: ${reason}.`;
}
