use crate::compose::measures::*;
use crate::types::instrument::Instrument;
use crate::types::stem::Stem;
use crate::types::target::Style;

const KEYS: [Instrument; 3] = [Instrument::ElectricPiano, Instrument::FeltPiano, Instrument::Guitar];

#[test]
fn ten_minutes_have_the_measures_of_music() {
    for seed in 1..=5 {
        let target = target_of(Style::Lofi, 0.5);
        let (bars, repeats) = bars(seed, &target, 600.0);
        let sections: Vec<String> = bars
            .chunk_by(|a, b| a.section == b.section && a.scale_name == b.scale_name)
            .map(|group| format!("{}{}({})", group[0].section, group.len(), group[0].scale_name))
            .collect();
        println!("seed {seed} bpm {} {}", bars[0].bpm, sections.join(" "));
        println!(
            "  M4 {:.2}  M5 {:.3}  borrowed {:.3}",
            entropy_of_blocks(&bars),
            scale_consistency(&bars),
            borrowed(&bars)
        );
        println!("  M6 drums {:.3} all {:.3}", groove_consistency(&bars, true), groove_consistency(&bars, false));
        println!("  M10 {} ({repeats})", duplicates(&bars));
        for keys in KEYS {
            let leading = voice_leading(&bars, keys);
            if leading.changes > 30 {
                println!("  M13 {keys:?} {leading:.2?}");
            }
        }
        println!("  M14 {:.2?}", melody(&bars));
        for instrument in
            [Instrument::Kick, Instrument::HatClosed, Instrument::Snare, Instrument::Upright, Instrument::SubBass]
        {
            println!("  M20 {instrument:?} {:.2?}", microtiming(&bars, instrument, true));
        }
        let count = |stem| {
            bars.iter().flat_map(|bar| &bar.notes).filter(|note| note.stem == stem).count() as f32 / bars.len() as f32
        };
        println!("  notes per bar {:.1?}", Stem::ALL.map(count));
    }
}
