//! How far the adaptive preset goes.

use crowd_mastering::measure::Analysis;

use crate::preset::Design;

/// How the power of finished music is spread over the bands, in decibels of the whole: medians over 28 pieces.
const USUAL_DB: [f64; 5] = [-3.4, -4.5, -10.9, -18.8, -28.4];
/// A band stands out of the usual by so much: its move is left out, or doubled where it is missing.
const FAR_DB: f64 = 6.0;
/// Music of this crest and loudness range is squeezed already, of that not at all.
const CREST_DB: [f64; 2] = [8.0, 12.0];
const RANGE_LU: [f64; 2] = [4.0, 13.0];

/// Scales the moves of a design by what a track needs: a band of which there is plenty is not lifted, one that is missing twice
/// as much; what is squeezed already is hardly compressed. The moves of a track that is as usual stay as they are.
pub(super) fn adapt(design: &mut Design, analysis: &Analysis) {
    for ((move_db, band), usual) in design.eq_db.iter_mut().zip(analysis.bands_db).zip(USUAL_DB) {
        let plenty = band.map_or(0.0, |band| (band - usual) / FAR_DB).clamp(-1.0, 1.0);
        *move_db = hundredths(*move_db * (1.0 - plenty) as f32);
    }
    let share = |value: f64, [none, all]: [f64; 2]| ((value - none) / (all - none)).clamp(0.0, 1.0);
    let crest = analysis.crest_db.map_or(0.5, |crest| share(crest, CREST_DB));
    let open = 0.5 * (crest + share(analysis.range_lu, RANGE_LU));
    design.dynamics_blend = hundredths(design.dynamics_blend * (0.25 + 1.5 * open) as f32).min(1.0);
}

/// So that arithmetic of other processors, which differs in the last bits, settles on the same number.
pub(super) fn hundredths(db: f32) -> f32 {
    (db * 100.0).round() / 100.0
}
