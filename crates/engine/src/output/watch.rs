//! When a device counts as lost.

use std::time::{Duration, Instant};

use super::link::Link;

/// A device that has not asked for sound for this long is gone. Sound servers that move a stream from one device to
/// another take less.
const SILENT: Duration = Duration::from_millis(1_500);
/// More errors than this in [`WINDOW`] mean that the stream is dead. Dead ones were seen to report 100,000 a second;
/// live ones recover from each. Gaps ([`ErrorKind::Xrun`](::cpal::ErrorKind)) do not count: an overloaded stream may
/// have one in every block.
const ERRORS: u64 = 20;
const WINDOW: Duration = Duration::from_secs(1);

/// Looks at a stream now and then.
pub(crate) struct Watch {
    calls: u64,
    called: Instant,
    errors: u64,
    window: Instant,
}

impl Watch {
    /// Begins to watch a stream that was just started.
    pub fn new(now: Instant) -> Self {
        Self { calls: 0, called: now, errors: 0, window: now }
    }

    /// Why the device is lost, if it is.
    pub fn look(&mut self, link: &Link, now: Instant) -> Option<String> {
        let why = || link.reason().unwrap_or_else(|| "the device gives no reason".into());
        if link.is_fatal() {
            return Some(why());
        }
        let errors = link.errors() - self.errors;
        if errors > ERRORS {
            return Some(format!("{errors} errors within a second; the first: {}", why()));
        }
        if now - self.window >= WINDOW {
            (self.window, self.errors) = (now, link.errors());
        }
        let calls = link.calls();
        if calls != self.calls {
            (self.calls, self.called) = (calls, now);
        }
        (now - self.called >= SILENT).then(|| format!("the device asked for no sound for {} ms", SILENT.as_millis()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::health::Meter;
    use crate::rt::Slot;
    use crate::{Engine, SampleRate};
    use std::sync::Arc;

    /// A watched stream whose callback the test calls.
    struct Bench {
        driver: crate::output::driver::Driver,
        link: Arc<Link>,
        start: Instant,
        watch: Watch,
    }

    fn bench() -> Bench {
        let (_engine, renderer) = Engine::builder().split().unwrap();
        let slot = Arc::new(Slot::empty());
        assert!(slot.put(Box::new(renderer)).is_none());
        let meter = Arc::new(Meter::new("test".into(), SampleRate::CD));
        let driver = crate::output::driver::Driver::new(slot, meter, SampleRate::CD, SampleRate::CD).unwrap();
        let start = Instant::now();
        Bench { link: driver.link(), driver, start, watch: Watch::new(start) }
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
    fn a_storm_of_errors_loses_the_device_and_scattered_ones_do_not() {
        let mut bench = bench();
        for milliseconds in (0..60_000).step_by(50) {
            bench.call();
            if milliseconds % 100 == 0 {
                bench.link.error(false, &"a hiccup");
            }
            assert_eq!(bench.look(milliseconds), None);
        }
        for _ in 0..1_000 {
            bench.link.error(false, &"dead");
        }
        let why = bench.look(60_000).unwrap();
        assert!(why.contains("a hiccup"), "{why}");
    }
}
