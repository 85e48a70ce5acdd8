//! Measures the cost of a block on this machine, and recommends block sizes and stretch methods.

use crowd_engine::{
    Band, Bpm, Command, DeckCommand, DeckId, Engine, Frames, Gain, Offline, SampleRate, StemId, Stems, StretchMethod,
    Track, When,
};
use std::time::{Duration, Instant};

/// The block sizes that are measured, in frames.
pub const BLOCK_SIZES: [usize; 7] = [64, 128, 256, 512, 1024, 2048, 4096];

/// The seconds of sound that are rendered for each block size.
const MEASURED_SECONDS: f64 = 4.0;

/// The largest share of a block's duration that the 99.9th percentile of the render times may take. The rest of the
/// duration is for the system and other programs.
const SAFE_SHARE: f64 = 0.5;

/// The cost of blocks of one size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BlockCost {
    /// Frames in a block.
    pub frames: usize,
    /// The duration of a block.
    pub period: Duration,
    /// The mean processor time of a block.
    pub mean: Duration,
    /// The 99.9th percentile of the processor time: 999 of 1,000 blocks do not exceed it.
    pub processor_p999: Duration,
    /// The 99.9th percentile of the elapsed time, which includes interruptions by other programs.
    pub elapsed_p999: Duration,
}

impl BlockCost {
    /// Whether a thread with realtime priority can render blocks of this size in time.
    #[must_use]
    pub fn fits(&self) -> bool {
        self.processor_p999.as_secs_f64() < SAFE_SHARE * self.period.as_secs_f64()
    }

    /// Whether a thread without realtime priority can render blocks of this size in time, while the machine is no busier
    /// than during the measurement.
    #[must_use]
    pub fn fits_now(&self) -> bool {
        self.elapsed_p999.as_secs_f64() < SAFE_SHARE * self.period.as_secs_f64()
    }

    /// Whether blocks of this size are rendered in time: [`fits`](Self::fits) with realtime priority,
    /// [`fits_now`](Self::fits_now) without.
    #[must_use]
    pub fn fits_with(&self, realtime: bool) -> bool {
        if realtime { self.fits() } else { self.fits_now() }
    }

    /// The mean share of one processor core that rendering takes.
    #[must_use]
    pub fn load(&self) -> f64 {
        self.mean.as_secs_f64() / self.period.as_secs_f64()
    }
}

/// Measures every block size with the most expensive mix: four stereo decks play at a changed speed, and every
/// equaliser and the limiter are active.
///
/// # Errors
/// When the engine cannot be made.
pub fn measure(method: StretchMethod, sample_rate: SampleRate) -> Result<Vec<BlockCost>, crowd_engine::Error> {
    let mut costs = Vec::with_capacity(BLOCK_SIZES.len());
    for frames in BLOCK_SIZES {
        let mut offline = heavy_mix(method, sample_rate)?;
        let mut block = vec![0.0; 2 * frames];
        // The first blocks are not measured: they use memory for the first time, and are slower.
        for _ in 0..8192_usize.div_ceil(frames) {
            offline.render_into(&mut block);
        }
        let blocks = (MEASURED_SECONDS * f64::from(sample_rate.get()) / frames as f64) as usize;
        let (mut processor, mut elapsed): (Vec<_>, Vec<_>) = (0..blocks.max(1))
            .map(|_| {
                let (began, worked) = (Instant::now(), processor_time());
                offline.render_into(&mut block);
                let elapsed = began.elapsed();
                (worked.zip(processor_time()).map_or(elapsed, |(from, to)| to.saturating_sub(from)), elapsed)
            })
            .unzip();
        let mean = processor.iter().sum::<Duration>() / u32::try_from(processor.len()).unwrap_or(u32::MAX);
        let period = Duration::from_secs_f64(frames as f64 / f64::from(sample_rate.get()));
        let (processor_p999, elapsed_p999) = (percentile_99_9(&mut processor), percentile_99_9(&mut elapsed));
        costs.push(BlockCost { frames, period, mean, processor_p999, elapsed_p999 });
    }
    Ok(costs)
}

/// The time that 999 of 1,000 times do not exceed.
fn percentile_99_9(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times.len().checked_sub(1 + times.len() / 1000).and_then(|n| times.get(n)).copied().unwrap_or_default()
}

/// The processor time of this thread; `None` where the system does not report it.
fn processor_time() -> Option<Duration> {
    #[cfg(target_os = "linux")]
    {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
        Duration::try_from(time).ok()
    }
    #[cfg(not(target_os = "linux"))]
    None
}

/// The smallest block size from which on every size fits. `costs` are in the order of their block sizes.
#[must_use]
pub fn smallest_safe(costs: &[BlockCost], fits: impl Fn(&BlockCost) -> bool) -> Option<usize> {
    costs.iter().rev().take_while(|cost| fits(cost)).last().map(|cost| cost.frames)
}

/// The cost of a stretch method in blocks of every size.
#[derive(Debug, Clone, PartialEq)]
pub struct MethodCosts {
    /// The method.
    pub method: StretchMethod,
    /// The costs, one for each of [`BLOCK_SIZES`].
    pub costs: Vec<BlockCost>,
}

impl MethodCosts {
    /// The smallest safe block size, with or without realtime priority for the audio thread.
    #[must_use]
    pub fn smallest_safe_size(&self, realtime: bool) -> Option<usize> {
        smallest_safe(&self.costs, |cost| cost.fits_with(realtime))
    }
}

/// The stretch methods that a machine can play.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recommendation {
    /// The best method for four decks, and its smallest safe block size.
    pub four_decks: Option<(StretchMethod, usize)>,
    /// A better method that only some of the decks can use at a time, and the number of these decks.
    pub fewer: Option<(StretchMethod, usize)>,
}

/// Recommends methods for blocks of at most `frames` frames. `all` has the costs of all methods, the cheapest first.
/// `realtime` says whether the audio thread has realtime priority.
#[must_use]
pub fn recommend(all: &[MethodCosts], frames: usize, realtime: bool) -> Recommendation {
    let fits = |measured: &MethodCosts| {
        Some((measured.method, measured.smallest_safe_size(realtime).filter(|size| *size <= frames)?))
    };
    let four_decks = all.iter().rev().find_map(fits);
    let seconds_and_limit = |measured: &MethodCosts| {
        let cost = measured.costs.iter().find(|cost| cost.frames == frames)?;
        let p999 = if realtime { cost.processor_p999 } else { cost.elapsed_p999 };
        Some((p999.as_secs_f64(), SAFE_SHARE * cost.period.as_secs_f64()))
    };
    let fewer = |measured: &MethodCosts| {
        let ((seconds, limit), (cheapest, _)) = (seconds_and_limit(measured)?, seconds_and_limit(all.first()?)?);
        // The number of decks that can use this method while the other decks use the cheapest one.
        let decks = ((limit - cheapest) / ((seconds - cheapest) / 4.0)).floor();
        (1.0..4.0).contains(&decks).then_some((measured.method, decks as usize))
    };
    let better = all.iter().rev().take_while(|measured| Some(measured.method) != four_decks.map(|(method, _)| method));
    Recommendation { four_decks, fewer: better.filter(|_| four_decks.is_some()).find_map(fewer) }
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
        commands.push(Command::Deck(
            deck,
            DeckCommand::Load { stem, track: track.clone(), cue: Frames::ZERO, region, keeps_gain: false },
        ));
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

    fn cost(frames: usize, slow_share: f64) -> BlockCost {
        let period = Duration::from_secs_f64(frames as f64 / 44_100.0);
        BlockCost {
            frames,
            period,
            mean: period.mul_f64(slow_share / 2.0),
            processor_p999: period.mul_f64(slow_share),
            elapsed_p999: period,
        }
    }

    #[test]
    fn a_block_size_is_safe_when_all_larger_ones_are() {
        assert_eq!(smallest_safe(&[cost(64, 0.9), cost(128, 0.4), cost(256, 0.1)], BlockCost::fits), Some(128));
        assert_eq!(smallest_safe(&[cost(64, 0.1), cost(128, 0.8), cost(256, 0.1)], BlockCost::fits), Some(256));
        assert_eq!(smallest_safe(&[cost(64, 0.1), cost(128, 0.8)], BlockCost::fits), None);
        assert_eq!(smallest_safe(&[], BlockCost::fits), None);
        assert_eq!(smallest_safe(&[cost(64, 0.1)], BlockCost::fits_now), None);
    }

    fn measured(method: StretchMethod, slow_share: f64) -> MethodCosts {
        MethodCosts { method, costs: BLOCK_SIZES.map(|frames| cost(frames, slow_share)).into() }
    }

    #[test]
    fn the_best_method_that_fits_is_recommended() {
        use StretchMethod as M;
        let recommend =
            |rate, wsola| recommend(&[measured(M::PlaybackRate, rate), measured(M::Wsola, wsola)], 1_024, true);
        assert_eq!(recommend(0.05, 0.2), Recommendation { four_decks: Some((M::Wsola, 64)), fewer: None });
        // Half of a block's duration may be used. Four decks with the cheapest method take some of it; the rest is for the
        // decks with the better method.
        let weak = Recommendation { four_decks: Some((M::PlaybackRate, 64)), fewer: Some((M::Wsola, 1)) };
        assert_eq!(recommend(0.05, 1.05), weak);
        assert_eq!(recommend(0.05, 0.8), Recommendation { fewer: Some((M::Wsola, 2)), ..weak });
        assert_eq!(recommend(0.05, 9.0), Recommendation { fewer: None, ..weak });
        assert_eq!(recommend(0.6, 9.0), Recommendation { four_decks: None, fewer: None });
        let mut late = measured(M::Wsola, 0.9);
        late.costs[6] = cost(4_096, 0.1);
        assert_eq!(
            super::recommend(&[measured(M::PlaybackRate, 0.1), late], 1_024, true).four_decks,
            Some((M::PlaybackRate, 64))
        );
    }

    #[test]
    fn without_realtime_priority_elapsed_time_counts() {
        let busy = measured(StretchMethod::PlaybackRate, 0.1);
        let quick = MethodCosts {
            costs: busy
                .costs
                .iter()
                .map(|cost| BlockCost { elapsed_p999: cost.period / if cost.frames < 512 { 1 } else { 4 }, ..*cost })
                .collect(),
            ..busy
        };
        assert_eq!((quick.smallest_safe_size(true), quick.smallest_safe_size(false)), (Some(64), Some(512)));
        let recommended = |realtime| recommend(std::slice::from_ref(&quick), 1_024, realtime).four_decks;
        assert_eq!(recommended(true), Some((StretchMethod::PlaybackRate, 64)));
        assert_eq!(recommended(false), Some((StretchMethod::PlaybackRate, 512)));
    }

    #[test]
    fn every_block_size_is_measured_with_all_decks_playing() {
        let costs = measure(StretchMethod::PlaybackRate, SampleRate::new(8_000).unwrap()).unwrap();
        assert_eq!(costs.iter().map(|c| c.frames).collect::<Vec<_>>(), BLOCK_SIZES);
        assert!(costs.iter().all(|c| c.mean > Duration::ZERO && c.elapsed_p999 >= c.mean / 2));
        for method in StretchMethod::ALL {
            let mut offline = heavy_mix(*method, SampleRate::CD).unwrap();
            offline.render_frames(44_100);
            let status = offline.engine().status();
            assert!(status.decks.iter().all(|deck| deck.playing == 1 && deck.stretch == *method));
            assert!(status.limiter_gain < 1.0);
        }
    }
}
