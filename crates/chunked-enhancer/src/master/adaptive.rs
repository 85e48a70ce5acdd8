//! How the adaptive preset adapts itself to a track.

use crowd_mastering::measure::Analysis;

use crate::preset::PresetValues;

/// The usual power of each band in finished music, in decibels relative to the total power: medians over 28 tracks.
const USUAL_DB: [f64; 5] = [-3.4, -4.5, -10.9, -18.8, -28.4];
/// A band that is stronger than usual by this many decibels is not boosted. A band that is weaker by as much is boosted twice as much.
const FAR_DB: f64 = 6.0;
/// The crest factor of music that is compressed already, and of music that is not compressed at all.
const CREST_DB: [f64; 2] = [8.0, 12.0];
/// The loudness range of music that is compressed already, and of music that is not compressed at all.
const RANGE_LU: [f64; 2] = [4.0, 13.0];

/// Adapts the values of the preset to a track. A band that is stronger than usual is boosted less, and a band that is weaker is boosted
/// more. Music that is compressed already is compressed less. For a usual track the values stay as they are.
pub(super) fn adapt(values: &mut PresetValues, analysis: &Analysis) {
    for ((move_db, band), usual) in values.eq_db.iter_mut().zip(analysis.bands_db).zip(USUAL_DB) {
        let excess = band.map_or(0.0, |band| (band - usual) / FAR_DB).clamp(-1.0, 1.0);
        *move_db = hundredths(*move_db * (1.0 - excess) as f32);
    }
    let share = |value: f64, [compressed, open]: [f64; 2]| ((value - compressed) / (open - compressed)).clamp(0.0, 1.0);
    let crest = analysis.crest_db.map_or(0.5, |crest| share(crest, CREST_DB));
    let open = 0.5 * (crest + share(analysis.range_lu, RANGE_LU));
    values.dynamics_blend = hundredths(values.dynamics_blend * (0.25 + 1.5 * open) as f32).min(1.0);
}

/// Rounds to hundredths, so that processors whose arithmetic differs in the last bits get the same value.
pub(super) fn hundredths(db: f32) -> f32 {
    (db * 100.0).round() / 100.0
}
