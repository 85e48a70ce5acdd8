//! The mixes whose cost is measured: by criterion (`benches/block.rs`), in instructions (`block_cost`), and compared with other
//! programs (`peers`). `stretch_peers` compares the quality of stretching.
#![forbid(unsafe_code)]

#[cfg(feature = "peers")]
pub mod scsynth;

use crowd_engine::{
    Band, Bpm, Command, DeckCommand, DeckId, Engine, Error, Frames, Gain, Pcm, Renderer, SampleRate, Stems,
    StretchMethod, Track, When,
};

/// The sample rate of every measurement.
pub const RATE: u32 = 44_100;

/// Frames rendered before a measurement, a multiple of every block size.
pub const WARM_UP: usize = 8_192;

/// Processor time (user and system) of this process and of its finished children, in seconds. The clock ticks every 10 ms.
///
/// # Errors
/// When `/proc` cannot be read.
pub fn processor_seconds() -> Result<(f64, f64), Box<dyn std::error::Error>> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks =
        |n: usize| fields.get(n).and_then(|field| field.parse::<f64>().ok()).ok_or("no times in /proc/self/stat");
    Ok(((ticks(11)? + ticks(12)?) / 100.0, (ticks(13)? + ticks(14)?) / 100.0))
}

/// The mix of one measurement.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Case {
    /// The stretch method of the decks.
    pub method: StretchMethod,
    /// The master tempo. The tempo of the music is 120, so the output is a bit-exact copy only at 120.
    pub tempo: f64,
    /// The number of decks that play.
    pub decks: usize,
    /// Whether the equaliser of every deck is set to a curve that is not flat.
    pub eq: bool,
    /// Frames of a block.
    pub frames: usize,
    /// The jumps that are sent while the music plays.
    pub seeks: SeekLoad,
}

/// The jumps of decks that are sent while the music plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeekLoad {
    /// None.
    None,
    /// [`SEEKS`] jumps of the decks in each block, all in its first frame.
    AtOnce,
    /// [`SEEKS`] jumps of the decks in each block, each in another frame.
    Apart,
}

/// The jumps in a block with [`SeekLoad::AtOnce`] or [`SeekLoad::Apart`].
pub const SEEKS: u64 = 1_000;

impl Case {
    /// Four decks at 118/120 through their equalisers, with blocks of 1,024 frames: the mix whose cost the documents state.
    pub const FULL: Self = Self {
        method: StretchMethod::PlaybackRate,
        tempo: 118.0,
        decks: 4,
        eq: true,
        frames: 1_024,
        seeks: SeekLoad::None,
    };

    /// All cases: every combination of decks, equaliser and block sizes, each method with keylock, and four decks at their original
    /// speed.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for decks in [1, 2, 4] {
            for eq in [false, true] {
                for frames in [64, 256, 1_024] {
                    all.push(Self { decks, eq, frames, ..Self::FULL });
                }
            }
        }
        for &method in StretchMethod::ALL.iter().filter(|method| method.keeps_pitch()) {
            for decks in [1, 4] {
                for frames in [64, 1_024] {
                    all.push(Self { method, decks, frames, ..Self::FULL });
                }
            }
        }
        all.push(Self { tempo: 120.0, eq: false, ..Self::FULL });
        for &method in StretchMethod::ALL {
            for seeks in [SeekLoad::AtOnce, SeekLoad::Apart] {
                all.push(Self { method, seeks, ..Self::FULL });
            }
        }
        all
    }

    /// A unique name without blanks.
    #[must_use]
    pub fn name(&self) -> String {
        let eq = if self.eq { "eq" } else { "flat" };
        let seeks = match self.seeks {
            SeekLoad::None => String::new(),
            SeekLoad::AtOnce => format!("/{SEEKS}-seeks-at-once"),
            SeekLoad::Apart => format!("/{SEEKS}-seeks-apart"),
        };
        format!("{}@{}/{}-decks/{eq}/{}{seeks}", self.method, self.tempo, self.decks, self.frames)
    }

    /// The mix while it plays, after its first 8,192 frames, when every ramp has ended.
    ///
    /// # Errors
    /// The errors of the engine, which are not expected.
    pub fn mix(&self) -> Result<Mix, Error> {
        self.mix_of(track)
    }

    /// The same mix with other music: `track` makes the track of each deck.
    ///
    /// # Errors
    /// The errors of [`Self::mix`].
    pub fn mix_of(&self, track: impl Fn(u32) -> Result<Track, Error>) -> Result<Mix, Error> {
        let (mut engine, renderer) = Engine::builder().stretch(self.method).queue(4 * SEEKS as usize).split()?;
        engine.mix().tempo(Bpm::new(self.tempo)?)?;
        for index in 0..self.decks {
            let track = track(index as u32)?;
            let region = track.whole_loop()?;
            let deck = engine.deck(DeckId::new(index)?).load(&track)?.loop_(Some(region))?.fader(Gain::new(0.9)?)?;
            if self.eq {
                deck.eq(Band::Low, Gain::new(0.3)?)?.eq(Band::High, Gain::new(0.6)?)?.play()?;
            } else {
                deck.play()?;
            }
        }
        let mut mix = Mix { engine, renderer, block: vec![0.0; 2 * self.frames], case: *self };
        for _ in 0..WARM_UP / self.frames {
            mix.send_seeks()?;
            mix.render_block();
        }
        Ok(mix)
    }
}

/// A mix that plays.
pub struct Mix {
    engine: Engine,
    renderer: Renderer,
    block: Vec<f32>,
    case: Case,
}

impl Mix {
    /// Sends the commands of the next block.
    ///
    /// # Errors
    /// The errors of the engine, which are not expected.
    pub fn send_seeks(&mut self) -> Result<(), Error> {
        let decks = self.case.decks as u64;
        let horizon = self.engine.status().horizon.0;
        let seek = |n: u64| -> Result<Command, Error> {
            let (deck, to) = (DeckId::new((n % decks) as usize)?, Frames(20_000 + n * 7_919 % 300_000));
            Ok(Command::Deck(deck, DeckCommand::Seek { stems: Stems::All, to }))
        };
        match self.case.seeks {
            SeekLoad::None => Ok(()),
            SeekLoad::AtOnce => (0..SEEKS).try_for_each(|n| self.engine.send(seek(n)?, When::NextBlock)),
            SeekLoad::Apart => (0..SEEKS).try_for_each(|n| self.engine.send(seek(n)?, When::At(Frames(horizon + n)))),
        }
    }

    /// Renders the next block. It is never inlined, because instructions are counted for the function of this name.
    #[inline(never)]
    pub fn render_block(&mut self) {
        self.renderer.render(std::hint::black_box(&mut self.block));
    }

    /// The latest block, interleaved.
    #[must_use]
    pub fn block(&self) -> &[f32] {
        &self.block
    }
}

/// Ten seconds of float stereo noise for [`Case::mix_of`]. `level` is the level of each frame; `seed` makes the noise of each deck
/// different.
///
/// # Errors
/// The errors of [`Track::new`].
pub fn noise(seed: u32, level: impl Fn(u32) -> f64) -> Result<Track, Error> {
    let mut state = seed.wrapping_mul(0x9e37_79b9) | 1;
    let samples: Box<[f32]> = (0..2 * 10 * RATE)
        .map(|n| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            (f64::from((state >> 16) as u16).mul_add(2.0 / 65_536.0, -1.0) * level(n / 2)) as f32
        })
        .collect();
    Track::new(Pcm::F32(samples), SampleRate::new(RATE)?, 2)
}

/// Ten seconds of 16-bit stereo noise with a beat. The mix of the decks is loud enough for the limiter to act.
fn track(seed: u32) -> Result<Track, Error> {
    let mut state = seed.wrapping_mul(0x9e37_79b9) | 1;
    let samples: Box<[i16]> = (0..2 * 10 * RATE)
        .map(|n| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            let beat = if n / 2 % (RATE / 2) < RATE / 20 { 2 } else { 6 };
            ((state >> 16) as u16).cast_signed() / beat
        })
        .collect();
    Track::new(Pcm::I16(samples), SampleRate::new(RATE)?, 2)
}
