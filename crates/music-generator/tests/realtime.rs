//! The render path allocates nothing.

use assert_no_alloc::{AllocDisabler, assert_no_alloc};
use music_generator::mix::{Master, StyleSound};
use music_generator::synth::{Player, SILENCE};
use music_generator::types::instrument::Instrument;
use music_generator::types::note::Note;
use music_generator::types::pitch::Pitch;
use music_generator::types::stem::Stem;
use music_generator::types::target::{Medium, Noise, Style, Target};
use music_generator::types::ticks::Ticks;

#[global_allocator]
static ALLOCATOR: AllocDisabler = AllocDisabler;

#[test]
fn starting_notes_changing_settings_and_rendering_allocate_nothing() {
    let mut player = Player::new(48_000, 1);
    let mut master = Master::new(48_000);
    let targets = Style::ALL.map(|style| {
        let mut target = Target { styles: [0.0; 6], brightness: 0.3, ..Target::default() };
        target.styles[style.index()] = 1.0;
        target.noises.extend(Noise::ALL.map(|noise| (noise, 0.5)));
        target.medium = Medium { bits: 8, ..Medium::default() };
        target
    });
    assert_no_alloc(|| {
        for target in &targets {
            player.set_target(target);
            player.set_tempo(90.0);
            master.set_sound(&StyleSound::of(target));
            for (n, instrument) in Instrument::ALL.into_iter().enumerate() {
                let note = Note {
                    stem: Stem::ALL[n % Stem::COUNT],
                    instrument,
                    start: Ticks::ZERO,
                    length: Ticks::BEAT,
                    late_ms: 0.0,
                    pitch: Pitch(48.0 + (n % 24) as f32),
                    velocity: 0.7,
                    from_density: 0.0,
                    glide: None,
                    legato: n % 3 == 0,
                };
                player.start(&note, 3.0, 97 * n, 0.3);
            }
            for _ in 0..250 {
                let mut stems = SILENCE;
                player.render(&mut stems);
                master.process(&mut stems);
            }
        }
        player.stop_all();
    });
}
