//! What a block costs on this very machine, and which buffer sizes that supports.

use crowd_engine::{
    Band, Bpm, Command, DeckCommand, DeckId, Engine, Frames, Gain, Offline, SampleRate, StemId, Stems, StretchMethod,
    Track, When,
};
use std::time::{Duration, Instant};

/// The buffer sizes that are measured.
pub const SIZES: [usize; 7] = [64, 128, 256, 512, 1024, 2048, 4096];

/// Sound that is rendered for each size, in seconds.
const SECONDS: f64 = 4.0;

/// The share of its period that the slowest block may take. The rest is the system's and the other programs'.
const SAFE: f64 = 0.5;

/// What blocks of one size cost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cost {
    /// Frames of a block.
    pub frames: usize,
    /// How long a block lasts.
    pub period: Duration,
    /// Processor time it took on average.
    pub mean: Duration,
    /// Processor time that all but one in a thousand stayed below.
    pub slow: Duration,
    /// The same on the clock: with what other programs took in between.
    pub waited: Duration,
}

impl Cost {
    /// Whether a device with blocks of this size can be served by a thread with realtime priority.
    #[must_use]
    pub fn fits(&self) -> bool {
        self.slow.as_secs_f64() < SAFE * self.period.as_secs_f64()
    }

    /// Whether it can be served without realtime priority, as busy as the machine is now.
    #[must_use]
    pub fn fits_now(&self) -> bool {
        self.waited.as_secs_f64() < SAFE * self.period.as_secs_f64()
    }

    /// Which of the two counts on this machine.
    #[must_use]
    pub fn fits_with(&self, realtime: bool) -> bool {
        if realtime { self.fits() } else { self.fits_now() }
    }

    /// The share of one processor core this takes.
    #[must_use]
    pub fn load(&self) -> f64 {
        self.mean.as_secs_f64() / self.period.as_secs_f64()
    }
}

/// Measures every buffer size with the heaviest mix there is: four stereo decks off their own speed, every equaliser
/// at work, the limiter pulling.
///
/// # Errors
/// When the engine cannot be made.
pub fn measure(method: StretchMethod, sample_rate: SampleRate) -> Result<Vec<Cost>, crowd_engine::Error> {
    let mut costs = Vec::with_capacity(SIZES.len());
    for frames in SIZES {
        let mut offline = heavy_mix(method, sample_rate)?;
        let mut block = vec![0.0; 2 * frames];
        // What is only touched for the first time does not count.
        for _ in 0..8192_usize.div_ceil(frames) {
            offline.render_into(&mut block);
        }
        let blocks = (SECONDS * f64::from(sample_rate.get()) / frames as f64) as usize;
        let (mut busy, mut waited): (Vec<_>, Vec<_>) = (0..blocks.max(1))
            .map(|_| {
                let (began, worked) = (Instant::now(), processor_time());
                offline.render_into(&mut block);
                let waited = began.elapsed();
                (worked.zip(processor_time()).map_or(waited, |(from, to)| to.saturating_sub(from)), waited)
            })
            .unzip();
        let mean = busy.iter().sum::<Duration>() / u32::try_from(busy.len()).unwrap_or(u32::MAX);
        let period = Duration::from_secs_f64(frames as f64 / f64::from(sample_rate.get()));
        costs.push(Cost { frames, period, mean, slow: slow(&mut busy), waited: slow(&mut waited) });
    }
    Ok(costs)
}

/// What all but one in a thousand stay below, or equal.
fn slow(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times.len().checked_sub(1 + times.len() / 1000).and_then(|n| times.get(n)).copied().unwrap_or_default()
}

/// The processor time this thread has used; `None` where the system does not tell.
fn processor_time() -> Option<Duration> {
    #[cfg(target_os = "linux")]
    {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
        Duration::try_from(time).ok()
    }
    #[cfg(not(target_os = "linux"))]
    None
}

/// The smallest buffer from which on every larger one fits as well.
#[must_use]
pub fn smallest_safe(costs: &[Cost], fits: impl Fn(&Cost) -> bool) -> Option<usize> {
    costs.iter().rev().take_while(|cost| fits(cost)).last().map(|cost| cost.frames)
}

/// What a method costs in blocks of every size.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// The method.
    pub method: StretchMethod,
    /// Its costs, one for each of [`SIZES`].
    pub costs: Vec<Cost>,
}

impl Measured {
    /// The smallest safe buffer, with realtime priority for the audio thread or without.
    #[must_use]
    pub fn safe(&self, realtime: bool) -> Option<usize> {
        smallest_safe(&self.costs, |cost| cost.fits_with(realtime))
    }
}

/// What this machine can play.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Advice {
    /// The best method for four decks, and its smallest safe buffer.
    pub four_decks: Option<(StretchMethod, usize)>,
    /// A better one that only fewer decks can have at a time, and how many.
    pub fewer: Option<(StretchMethod, usize)>,
}

/// What the costs of all methods, from the cheapest to the best, say about this machine with blocks of at most
/// `frames` frames, and with the priority the audio thread gets on it.
#[must_use]
pub fn advise(all: &[Measured], frames: usize, realtime: bool) -> Advice {
    let fits = |measured: &Measured| Some((measured.method, measured.safe(realtime).filter(|safe| *safe <= frames)?));
    let four_decks = all.iter().rev().find_map(fits);
    let slow = |measured: &Measured| {
        let cost = measured.costs.iter().find(|cost| cost.frames == frames)?;
        let slow = if realtime { cost.slow } else { cost.waited };
        Some((slow.as_secs_f64(), SAFE * cost.period.as_secs_f64()))
    };
    let fewer = |measured: &Measured| {
        let ((slow, room), (least, _)) = (slow(measured)?, slow(all.first()?)?);
        // What one deck more costs with this method than with the cheapest.
        let decks = ((room - least) / ((slow - least) / 4.0)).floor();
        (1.0..4.0).contains(&decks).then_some((measured.method, decks as usize))
    };
    let better = all.iter().rev().take_while(|measured| Some(measured.method) != four_decks.map(|(method, _)| method));
    Advice { four_decks, fewer: better.filter(|_| four_decks.is_some()).find_map(fewer) }
}

/// Four decks of noise at 118/120 of their speed.
fn heavy_mix(stretch: StretchMethod, sample_rate: SampleRate) -> Result<Offline, crowd_engine::Error> {
    let mut offline = Engine::builder().sample_rate(sample_rate).stretch(stretch).offline()?;
    let mut state = 1_u32;
    let noise: Vec<f32> = (0..2 * sample_rate.get())
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (f64::from(state) / f64::from(u32::MAX) - 0.5) as f32
        })
        .collect();
    let track = Track::from_interleaved(noise, sample_rate, 2)?;
    let region = Some(track.whole_loop()?);
    let mut commands = vec![Command::Tempo { bpm: Bpm::new(118.0)? }];
    for deck in [DeckId::A, DeckId::B, DeckId::C, DeckId::D] {
        let (stem, stems) = (StemId::FIRST, Stems::All);
        commands.push(Command::Deck(deck, DeckCommand::Load { stem, track: track.clone(), cue: Frames::ZERO, region }));
        commands.extend(
            [Band::Low, Band::Mid, Band::High]
                .map(|band| Command::Deck(deck, DeckCommand::Eq { band, gain: Gain::clamped(0.7, Gain::UNITY) })),
        );
        commands.push(Command::Deck(deck, DeckCommand::Play { stems }));
    }
    offline.engine().send_all(commands, When::NextBlock)?;
    Ok(offline)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(frames: usize, slow_share: f64) -> Cost {
        let period = Duration::from_secs_f64(frames as f64 / 44_100.0);
        Cost {
            frames,
            period,
            mean: period.mul_f64(slow_share / 2.0),
            slow: period.mul_f64(slow_share),
            waited: period,
        }
    }

    #[test]
    fn a_buffer_is_safe_when_all_larger_ones_are() {
        assert_eq!(smallest_safe(&[cost(64, 0.9), cost(128, 0.4), cost(256, 0.1)], Cost::fits), Some(128));
        assert_eq!(smallest_safe(&[cost(64, 0.1), cost(128, 0.8), cost(256, 0.1)], Cost::fits), Some(256));
        assert_eq!(smallest_safe(&[cost(64, 0.1), cost(128, 0.8)], Cost::fits), None);
        assert_eq!(smallest_safe(&[], Cost::fits), None);
        assert_eq!(smallest_safe(&[cost(64, 0.1)], Cost::fits_now), None);
    }

    fn measured(method: StretchMethod, slow_share: f64) -> Measured {
        Measured { method, costs: SIZES.map(|frames| cost(frames, slow_share)).into() }
    }

    #[test]
    fn a_machine_is_told_the_best_method_it_can_carry() {
        use StretchMethod as M;
        let advise = |rate, wsola| advise(&[measured(M::PlaybackRate, rate), measured(M::Wsola, wsola)], 1_024, true);
        assert_eq!(advise(0.05, 0.2), Advice { four_decks: Some((M::Wsola, 64)), fewer: None });
        // Half of a block is free; what the cheapest method leaves of it goes to the decks that cost more.
        let weak = Advice { four_decks: Some((M::PlaybackRate, 64)), fewer: Some((M::Wsola, 1)) };
        assert_eq!(advise(0.05, 1.05), weak);
        assert_eq!(advise(0.05, 0.8), Advice { fewer: Some((M::Wsola, 2)), ..weak });
        assert_eq!(advise(0.05, 9.0), Advice { fewer: None, ..weak });
        assert_eq!(advise(0.6, 9.0), Advice { four_decks: None, fewer: None });
        let mut late = measured(M::Wsola, 0.9);
        late.costs[6] = cost(4_096, 0.1);
        assert_eq!(
            super::advise(&[measured(M::PlaybackRate, 0.1), late], 1_024, true).four_decks,
            Some((M::PlaybackRate, 64))
        );
    }

    #[test]
    fn a_machine_without_realtime_priority_is_told_what_it_holds_without() {
        let busy = measured(StretchMethod::PlaybackRate, 0.1);
        let quick = Measured {
            costs: busy
                .costs
                .iter()
                .map(|cost| Cost { waited: cost.period / if cost.frames < 512 { 1 } else { 4 }, ..*cost })
                .collect(),
            ..busy
        };
        assert_eq!((quick.safe(true), quick.safe(false)), (Some(64), Some(512)));
        let advised = |realtime| advise(std::slice::from_ref(&quick), 1_024, realtime).four_decks;
        assert_eq!(advised(true), Some((StretchMethod::PlaybackRate, 64)));
        assert_eq!(advised(false), Some((StretchMethod::PlaybackRate, 512)));
    }

    #[test]
    fn every_size_is_measured_at_work() {
        let costs = measure(StretchMethod::PlaybackRate, SampleRate::new(8_000).unwrap()).unwrap();
        assert_eq!(costs.iter().map(|c| c.frames).collect::<Vec<_>>(), SIZES);
        assert!(costs.iter().all(|c| c.mean > Duration::ZERO && c.waited >= c.mean / 2));
        for method in StretchMethod::ALL {
            let mut offline = heavy_mix(*method, SampleRate::CD).unwrap();
            offline.render_frames(44_100);
            let status = offline.engine().status();
            assert!(status.decks.iter().all(|deck| deck.playing == 1 && deck.stretch == *method));
            assert!(status.limiter_gain < 1.0);
        }
    }
}
