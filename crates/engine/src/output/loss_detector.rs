//! Detects that a device is lost.

use std::time::{Duration, Instant};

use super::stream_link::StreamLink;

/// A device that has requested no sound for this long is lost. The time is longer than a sound server takes to move a stream
/// from one device to another.
const SILENT: Duration = Duration::from_millis(1_500);
/// A device that reports errors and has requested no sound for this long is lost. Errors alone do not show a loss. ALSA's
/// PulseAudio plug-in reports "I/O error" 2,000 times in 80 ms while it recovers from an underrun. When its sink has been
/// removed, it reports the same error 300,000 times a second. Only in the first case does it request sound again.
const FAILING: Duration = Duration::from_secs(1);

/// Detects the loss of a stream's device from its callbacks and errors.
pub(crate) struct LossDetector {
    calls: u64,
    called: Instant,
    /// The number of errors that were reported before the latest callback.
    errors: u64,
}

impl LossDetector {
    /// For a stream that was just started.
    pub fn new(now: Instant) -> Self {
        Self { calls: 0, called: now, errors: 0 }
    }

    /// The reason why the device is lost at `now`, if it is lost.
    pub fn check(&mut self, link: &StreamLink, now: Instant) -> Option<String> {
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
            return Some(format!("{errors} errors and no request for sound for {} ms: {}", FAILING.as_millis(), why()));
        }
        (silent >= SILENT).then(|| format!("the device requested no sound for {} ms", SILENT.as_millis()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::health::HealthCounters;
    use crate::rt::Slot;
    use crate::{Engine, SampleRate};
    use std::sync::Arc;

    /// A stream with its detector, whose callback the test calls.
    struct TestStream {
        driver: crate::output::audio::Driver,
        link: Arc<StreamLink>,
        start: Instant,
        detector: LossDetector,
    }

    fn stream() -> TestStream {
        let (_engine, renderer) = Engine::builder().split().unwrap();
        let slot = Arc::new(Slot::empty());
        assert!(slot.put(Box::new(renderer)).is_none());
        let meter = Arc::new(HealthCounters::new("test".into(), SampleRate::CD));
        let driver = crate::output::audio::Driver::new(slot, meter, SampleRate::CD, SampleRate::CD).unwrap();
        let start = Instant::now();
        TestStream { link: driver.link(), driver, start, detector: LossDetector::new(start) }
    }

    impl TestStream {
        fn call(&mut self) {
            assert!(self.driver.block(64, |sound| sound.fill(&mut [0.0; 128])));
        }

        fn check(&mut self, milliseconds: u64) -> Option<String> {
            self.detector.check(&self.link, self.start + Duration::from_millis(milliseconds))
        }
    }

    #[test]
    fn a_device_that_requests_sound_is_not_lost() {
        let mut stream = stream();
        for milliseconds in (0..60_000).step_by(50) {
            stream.call();
            assert_eq!(stream.check(milliseconds), None);
        }
    }

    #[test]
    fn a_device_that_requests_nothing_for_a_second_and_a_half_is_lost() {
        let mut stream = stream();
        stream.call();
        assert_eq!(stream.check(100), None);
        assert_eq!(stream.check(1_599), None);
        let why = stream.check(1_600).unwrap();
        assert!(why.contains("1500 ms"), "{why}");
    }

    #[test]
    fn a_fatal_error_loses_the_device_at_once_and_is_the_reason() {
        let mut stream = stream();
        stream.call();
        stream.link.error(false, &"a hiccup");
        assert_eq!(stream.check(50), None);
        stream.link.error(true, &"unplugged");
        stream.link.error(true, &"still unplugged");
        assert_eq!(stream.check(100).unwrap(), "unplugged");
    }

    #[test]
    fn errors_lose_no_device_that_continues_to_request_sound() {
        // Any number of errors, and any time to recover of less than a second.
        for (errors, recovering) in [(1, 50), (33, 100), (2_000, 80), (100_000, 900)] {
            let mut stream = stream();
            for round in 0..50 {
                let now = round * 1_000;
                stream.call();
                (0..errors / 10).for_each(|_| stream.link.error(false, &"I/O error"));
                assert_eq!(stream.check(now), None);
                (0..errors).for_each(|_| stream.link.error(false, &"I/O error"));
                assert_eq!(stream.check(now + recovering / 2), None);
                assert_eq!(stream.check(now + recovering), None, "{errors} errors in {recovering} ms");
            }
        }
    }

    #[test]
    fn errors_without_a_call_for_sound_for_a_second_lose_the_device() {
        let mut stream = stream();
        stream.call();
        assert_eq!(stream.check(0), None);
        stream.link.error(false, &"sink gone");
        assert_eq!(stream.check(999), None);
        stream.link.error(false, &"sink gone");
        let why = stream.check(1_000).unwrap();
        assert!(why.contains("2 errors") && why.contains("sink gone"), "{why}");
    }

    #[test]
    fn an_error_before_the_latest_call_is_no_reason() {
        let mut stream = stream();
        stream.link.error(false, &"a hiccup");
        stream.call();
        assert_eq!(stream.check(0), None);
        assert_eq!(stream.check(1_499), None, "without errors the limit is longer");
        assert!(stream.check(1_500).unwrap().contains("no sound"));
    }
}
