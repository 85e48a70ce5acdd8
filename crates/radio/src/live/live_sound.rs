//! The sound of the live spans of a station, which is mixed with the program.

use std::ops::Range;
use std::path::{Path, PathBuf};

use super::span::LiveSpan;
use super::spool::{LiveFrame, Spool};

/// The folder of the spools.
const FOLDER: &str = "live";

/// The live spans that segments may still be made of, with their sound.
#[derive(Debug, Default)]
pub struct LiveSound {
    folder: PathBuf,
    /// The number of the last span that began.
    last: u64,
    /// In the order of their numbers. A later one is above an earlier one.
    spans: Vec<(LiveSpan, Spool)>,
}

impl LiveSound {
    /// The live sound of a station with its state in the folder `state`. `spans` are those that were heard before and may still be needed,
    /// and `last` is the number of the last one that began.
    pub fn open(state: &Path, spans: Vec<LiveSpan>, last: u64) -> Self {
        let folder = state.join(FOLDER);
        let spans = spans.into_iter().map(|span| {
            let spool = Spool::open(&folder, span.number).unwrap_or_else(|error| {
                tracing::error!("the live sound in {} cannot be read: {error}", folder.display());
                Spool::create(&folder, span.number).0
            });
            (span, spool)
        });
        Self { spans: spans.collect(), folder, last }
    }

    /// Whether all sound of spans in a range is there. It is not when it could not be written before a crash.
    pub fn has(&self, range: &Range<u64>) -> bool {
        self.spans.iter().all(|(span, spool)| {
            let frames = span.frames();
            let (start, end) = (frames.start.max(range.start), frames.end.min(range.end));
            start >= end || spool.has(&(start - frames.start..end - frames.start))
        })
    }

    /// The spans.
    pub fn spans(&self) -> impl Iterator<Item = &LiveSpan> {
        self.spans.iter().map(|(span, _)| span)
    }

    /// The number of the next span.
    pub fn next_number(&self) -> u64 {
        self.last + 1
    }

    /// The first frame of which the sound is not known yet; `u64::MAX` when no span goes on.
    pub fn known_until(&self) -> u64 {
        let open = self.spans.iter().filter(|(span, _)| span.end.is_none());
        open.map(|(span, spool)| span.start + spool.end()).min().unwrap_or(u64::MAX)
    }

    /// The first frame of which the sound of this span is not known yet.
    pub fn known_of(&self, number: u64) -> Option<u64> {
        self.spans.iter().find(|(span, _)| span.number == number).map(|(span, spool)| span.start + spool.end())
    }

    /// Begins a span.
    pub fn begin(&mut self, span: LiveSpan) {
        let (spool, made) = Spool::create(&self.folder, span.number);
        if let Err(error) = made {
            tracing::error!("{}: live sound cannot be written: {error}", self.folder.display());
        }
        self.last = span.number;
        self.spans.push((span, spool));
    }

    /// Appends sound to a span.
    ///
    /// # Errors
    /// When it cannot be written. It is heard nevertheless, and is missing after a restart.
    pub fn append(&mut self, number: u64, frames: &[LiveFrame]) -> std::io::Result<()> {
        self.spool(number).map_or(Ok(()), |(_, spool)| spool.append(frames))
    }

    /// A title of a span from a frame on.
    pub fn set_title(&mut self, number: u64, from: u64, title: &str) {
        if let Some((span, _)) = self.spool(number) {
            span.titles.push((from, title.to_owned()));
        }
    }

    /// Ends a span after the sound that it has. It fades out from the frame `fade_from` on. Returns its end.
    pub fn end(&mut self, number: u64, fade_from: u64) -> Option<u64> {
        let (span, spool) = self.spool(number)?;
        let (start, end) = (span.start, span.start + spool.end());
        span.end = Some(end);
        let fade_from = fade_from.clamp(start, end);
        let length = (end - fade_from) as f64;
        let faded = spool.change(fade_from - start, |at, frame| {
            let place = (start + at - fade_from) as f64 + 0.5;
            fade_out(frame, (place / length) as f32);
        });
        if let Err(error) = faded {
            tracing::error!("{}: live sound cannot be written: {error}", self.folder.display());
        }
        Some(end)
    }

    /// Changes the sound of the program to what is heard. `sound` begins at the frame `first`.
    pub fn mix(&self, first: u64, sound: &mut [[f32; 2]]) {
        let end = first + sound.len() as u64;
        for (span, spool) in &self.spans {
            let frames = span.frames();
            let (from, until) = (frames.start.max(first), frames.end.min(end).max(first));
            if from >= until {
                continue;
            }
            let live = spool.read(from - span.start..until - span.start);
            let below = sound.get_mut((from - first) as usize..).unwrap_or_default();
            for (below, [left, right, gain]) in below.iter_mut().zip(live) {
                let scale = |sample: i16| f32::from(sample) / f32::from(i16::MAX);
                let gain = scale(gain);
                *below = [gain * below[0] + scale(left), gain * below[1] + scale(right)];
            }
        }
    }

    /// Whether nothing of the program is heard in a range, because a live source replaces it.
    pub fn hides(&self, range: &Range<u64>) -> bool {
        self.spans.iter().any(|(span, spool)| {
            let frames = span.frames();
            let covers = !span.talk && frames.start <= range.start && range.end <= frames.end;
            let sound = || spool.read(range.start - frames.start..range.end - frames.start);
            covers && sound().iter().all(|[_, _, gain]| *gain == 0)
        })
    }

    /// Whether all sound of a range is known.
    pub fn knows(&self, range: &Range<u64>) -> bool {
        range.end <= self.known_until()
    }

    /// The span that replaces the program at a frame.
    pub fn at(&self, frame: u64) -> Option<&LiveSpan> {
        self.spans().filter(|span| !span.talk && span.frames().contains(&frame)).last()
    }

    /// Removes the sound that ends before `frame`, and the spans that end before it.
    pub fn forget(&mut self, frame: u64) {
        self.spans.retain_mut(|(span, spool)| {
            let is_needed = span.frames().end > frame;
            if is_needed {
                spool.forget(frame.saturating_sub(span.start));
            } else {
                // Files that stay only need space.
                _ = spool.remove_files();
            }
            is_needed
        });
    }

    fn spool(&mut self, number: u64) -> Option<(&mut LiveSpan, &mut Spool)> {
        self.spans.iter_mut().find(|(span, _)| span.number == number).map(|(span, spool)| (span, spool))
    }
}

/// Fades a live frame out with equal power. `place` goes from 0 to 1.
fn fade_out(frame: &mut LiveFrame, place: f32) {
    let (sine, cosine) = (place * std::f32::consts::FRAC_PI_2).sin_cos();
    let [left, right, gain] = frame.map(f32::from);
    let gain = gain + (f32::from(i16::MAX) - gain) * sine;
    // The conversion from a float saturates.
    *frame = [left * cosine, right * cosine, gain].map(|value| value as i16);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(number: u64, start: u64) -> LiveSpan {
        LiveSpan {
            number,
            known_from: start - 100,
            start,
            end: None,
            mount: "/live".to_owned(),
            user: "anna".to_owned(),
            name: None,
            talk: false,
            titles: Vec::new(),
        }
    }

    #[test]
    fn a_span_replaces_the_program_and_fades_out_with_equal_power() {
        let folder = tempfile::tempdir().unwrap();
        let mut live = LiveSound::open(folder.path(), Vec::new(), 0);
        assert_eq!((live.known_until(), live.next_number()), (u64::MAX, 1));
        live.begin(span(1, 1_000));
        live.append(1, &[[8_192, -8_192, 0]; 3_000]).unwrap();
        live.set_title(1, 2_000, "A - B");
        assert_eq!(live.known_until(), 4_000);
        assert_eq!(live.end(1, 3_000), Some(4_000));
        assert_eq!((live.known_until(), live.next_number()), (u64::MAX, 2));
        let check = |live: &LiveSound| {
            let mut sound = vec![[0.5; 2]; 5_000];
            live.mix(0, &mut sound);
            assert_eq!([sound[999], sound[4_000]], [[0.5; 2]; 2]);
            assert!((sound[1_000][0] - 0.25).abs() < 1e-3 && (sound[2_999][1] + 0.25).abs() < 1e-3);
            let (middle, quarter) = (sound[3_500], 0.25 * std::f32::consts::FRAC_1_SQRT_2);
            assert!((middle[0] - 3.0 * quarter).abs() < 1e-3 && (middle[1] - quarter).abs() < 1e-3, "{middle:?}");
        };
        check(&live);
        let spans: Vec<_> = live.spans().cloned().collect();
        assert_eq!(
            [1_500, 2_500].map(|frame| live.at(frame).map(|span| span.title(frame))),
            [Some("anna"), Some("A - B")]
        );
        check(&LiveSound::open(folder.path(), spans, 1));
        live.forget(4_000);
        assert_eq!((live.spans().count(), std::fs::read_dir(folder.path().join(FOLDER)).unwrap().count()), (0, 0));
    }
}
