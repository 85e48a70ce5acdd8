// The loudness of both versions, and the gains that make them equally loud.

/** A number of decibels with a minus that is as wide as a plus. */
export const signed = (number) => number.toFixed(1).replace('-', '−');

const lufs = (number) => (number == null ? '–' : `${signed(number)} LUFS`);
const decibels = (peak) => 20 * Math.log10(peak);

/** The highest sample of a waveform, full scale 1; null while the waveform is incomplete. */
export function peakOf({ min, max }) {
  if (max.includes(null)) return null;
  return max.reduce((peak, high, n) => Math.max(peak, high, -min[n]), 0);
}

/** Integrated loudness of the mastered version, or its target, LUFS; null where neither is known. */
export function wanted({ treatment, presets, facts, job }) {
  if (treatment.intensity === 0) return facts?.integrated_lufs ?? null;
  return job?.settled?.predicted_lufs ?? target(presets, treatment);
}

const target = (presets, { preset }) => presets.find(({ name }) => name === preset)?.target_lufs ?? null;

/**
 * The gains that make both versions equally loud, in decibels, and a text about them. Both are reduced so that the original stays under
 * full scale with the loudest preset: a gain that depended on the preset would be mistaken for its sound.
 */
export function match(known) {
  const { facts, presets } = known;
  const own = facts?.integrated_lufs ?? null;
  const made = wanted(known);
  if (own === null || made === null) return { levels: { original: 0, trim: 0 }, text: '' };
  const original = made - own;
  const loudest = Math.max(...presets.map(({ target_lufs: loud }) => loud));
  const peak = facts.peak ? decibels(facts.peak) : (facts.sample_peak_dbfs ?? 0);
  const trim = Math.min(0, own - loudest - peak);
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

/** The texts of the table: loudness and peak of the original and of the mastered version, and notes. */
export function numbers({ treatment, presets, facts, job, masteredPeak }) {
  const settled = job?.settled;
  const untouched = treatment.intensity === 0;
  const originalPeak = peakText(facts?.true_peak_dbtp, facts?.peak ? decibels(facts.peak) : facts?.sample_peak_dbfs);
  const mastered = untouched ? facts?.integrated_lufs : settled?.predicted_lufs;
  const goal = settled?.target_lufs ?? target(presets, treatment);
  const about = [];
  if (untouched && facts) about.push('Without any intensity it is the original.');
  if (facts?.range_lu >= 0.05) about.push(`Loudness range of the original: ${facts.range_lu.toFixed(1)} LU.`);
  if (facts?.downmix_gain_db) about.push(`Its channels are mixed to two, ${signed(facts.downmix_gain_db)} dB.`);
  return {
    original: [lufs(facts?.integrated_lufs), originalPeak],
    mastered: [lufs(mastered), untouched ? originalPeak : peakText(null, masteredPeak && decibels(masteredPeak))],
    goal: untouched || goal === null || lufs(goal) === lufs(mastered) ? '' : `aim ${lufs(goal)}`,
    missed: settled?.shortfall ? shortfallText(settled.shortfall, goal) : '',
    about: about.join(' '),
  };
}

/** Why a track does not reach the target loudness of its preset, with the reason of the server. */
function shortfallText({ lu, reason }, goal) {
  return `${lu.toFixed(1)} LU below ${lufs(goal)}, which the preset aims at: ${reason}.`;
}
