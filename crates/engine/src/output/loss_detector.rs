//! Detects that a device is lost.

use std::time::{Duration, Instant};

use super::stream_link::StreamLink;

/// A device that has not called for sound for this long is lost. Sound servers that move a stream from one device to
/// another take less.
const SILENT: Duration = Duration::from_millis(1_500);
/// A device that reports errors and has not called for sound for this long is lost. The errors alone are no sign of it: ALSA's
/// PulseAudio plug-in was seen to report "I/O error" 2,000 times in 80 ms while it recovered from an underrun in place,
/// and the same 300,000 times a second when its sink had been taken away. Only the first calls for sound again.
const FAILING: Duration = Duration::from_secs(1);

/// Detects the loss of a stream's device from calls and errors.
pub(crate) struct LossDetector {
    calls: u64,
    called: Instant,
    /// Errors reported before the latest call.
    errors: u64,
}

impl LossDetector {
    /// For a stream that was just started.
    pub fn new(now: Instant) -> Self {
        Self { calls: 0, called: now, errors: 0 }
    }

    /// Why the device is lost at `now`, if it is.
    pub fn look(&mut self, link: &StreamLink, now: Instant) -> Option<String> {
        let why = || link.reason().unwrap_or_else(|| "the device gives no reason".into());
        if link.is_fatal() {
            return Some(why());
        }
        let calls = link.calls();
        if calls != self.calls {
            (self.calls, self.called, self.errors) = (calls, now, link.errors());
        }
        let silent = now - self.called;
        let errors = link.errors() - self.errors;
        if errors > 0 && silent >= FAILING {
            return Some(format!("{errors} errors and no call for sound for {} ms: {}", FAILING.as_millis(), why()));
        }
        (silent >= SILENT).then(|| format!("the device asked for no sound for {} ms", SILENT.as_millis()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::health::HealthCounters;
    use crate::rt::Slot;
    use crate::{Engine, SampleRate};
    use std::sync::Arc;

    /// A watched stream whose callback the test calls.
    struct Bench {
        driver: crate::output::audio::Driver,
        link: Arc<StreamLink>,
        start: Instant,
        watch: LossDetector,
    }

    fn bench() -> Bench {
        let (_engine, renderer) = Engine::builder().split().unwrap();
        let slot = Arc::new(Slot::empty());
        assert!(slot.put(Box::new(renderer)).is_none());
        let meter = Arc::new(HealthCounters::new("test".into(), SampleRate::CD));
        let driver = crate::output::audio::Driver::new(slot, meter, SampleRate::CD, SampleRate::CD).unwrap();
        let start = Instant::now();
        Bench { link: driver.link(), driver, start, watch: LossDetector::new(start) }
    }

    impl Bench {
        fn call(&mut self) {
            assert!(self.driver.block(64, |sound| sound.fill(&mut [0.0; 128])));
        }

        fn look(&mut self, milliseconds: u64) -> Option<String> {
            self.watch.look(&self.link, self.start + Duration::from_millis(milliseconds))
        }
    }

    #[test]
    fn a_device_that_asks_for_sound_is_there() {
        let mut bench = bench();
        for milliseconds in (0..60_000).step_by(50) {
            bench.call();
            assert_eq!(bench.look(milliseconds), None);
        }
    }

    #[test]
    fn a_device_that_asks_for_nothing_for_a_second_and_a_half_is_lost() {
        let mut bench = bench();
        bench.call();
        assert_eq!(bench.look(100), None);
        assert_eq!(bench.look(1_599), None);
        let why = bench.look(1_600).unwrap();
        assert!(why.contains("1500 ms"), "{why}");
    }

    #[test]
    fn a_fatal_error_loses_the_device_at_once_and_is_told() {
        let mut bench = bench();
        bench.call();
        bench.link.error(false, &"a hiccup");
        assert_eq!(bench.look(50), None);
        bench.link.error(true, &"unplugged");
        bench.link.error(true, &"still unplugged");
        assert_eq!(bench.look(100).unwrap(), "unplugged");
    }

    #[test]
    fn errors_lose_no_device_that_goes_on_asking_for_sound() {
        // However many, and however long it takes to recover as long as that is under a second.
        for (errors, recovering) in [(1, 50), (33, 100), (2_000, 80), (100_000, 900)] {
            let mut bench = bench();
            for round in 0..50 {
                let now = round * 1_000;
                bench.call();
                (0..errors / 10).for_each(|_| bench.link.error(false, &"I/O error"));
                assert_eq!(bench.look(now), None);
                (0..errors).for_each(|_| bench.link.error(false, &"I/O error"));
                assert_eq!(bench.look(now + recovering / 2), None);
                assert_eq!(bench.look(now + recovering), None, "{errors} errors in {recovering} ms");
            }
        }
    }

    #[test]
    fn errors_without_a_call_for_sound_for_a_second_lose_the_device() {
        let mut bench = bench();
        bench.call();
        assert_eq!(bench.look(0), None);
        bench.link.error(false, &"sink gone");
        assert_eq!(bench.look(999), None);
        bench.link.error(false, &"sink gone");
        let why = bench.look(1_000).unwrap();
        assert!(why.contains("2 errors") && why.contains("sink gone"), "{why}");
    }

    #[test]
    fn an_error_before_the_latest_call_is_no_reason() {
        let mut bench = bench();
        bench.link.error(false, &"a hiccup");
        bench.call();
        assert_eq!(bench.look(0), None);
        assert_eq!(bench.look(1_499), None, "silence alone is given longer");
        assert!(bench.look(1_500).unwrap().contains("no sound"));
    }
}
