//! Checks the pixels of beat grid charts.
#![cfg(feature = "picture")]
#![allow(clippy::unwrap_used)]

use crowd_media::picture::{BeatGridChart, WaveformRow};
use crowd_media::{Audio, ErrorKind, Samples, peaks::Peaks};

/// Left edge and width of the rows of a chart 1600 pixels wide.
const LEFT: f64 = 84.0;
const WIDTH: f64 = 1488.0;
/// Width of a title's character.
const CELL: u32 = 9;

struct Pixels {
    width: u32,
    height: u32,
    rgba: Vec<u8>,
}

impl Pixels {
    fn of(chart: &BeatGridChart<'_>) -> Self {
        let (width, height, rgba) = chart.rgba().unwrap();
        assert_eq!(rgba.len() as u32, width * height * 4);
        Self { width, height, rgba }
    }

    fn at(&self, x: u32, y: u32) -> [u8; 3] {
        let at = ((y * self.width + x) * 4) as usize;
        self.rgba[at..at + 3].try_into().unwrap()
    }

    /// Rows of column `x` in `rows` that have the colour `color`.
    fn count(&self, x: u32, rows: std::ops::Range<u32>, color: [u8; 3]) -> usize {
        rows.filter(|&y| self.at(x, y).iter().zip(color).all(|(a, b)| a.abs_diff(b) < 24)).count()
    }

    /// The brightness of column `x` in the middle of a row of silence, away from its zero line.
    fn light(&self, x: u32, y: u32) -> u32 {
        self.at(x, y).iter().map(|&c| u32::from(c)).sum()
    }
}

fn silence(seconds: usize) -> Peaks {
    Peaks::of(&Audio::new(Samples::I16(vec![0; 8_000 * seconds]), 8_000, 1).unwrap())
}

/// The x position of the time `seconds` in a row of `of` seconds, pixels.
fn x(seconds: f64, of: f64) -> u32 {
    (LEFT + seconds / of * WIDTH).round() as u32
}

#[test]
fn beats_are_lines_at_their_times_and_bars_are_stronger() {
    let peaks = silence(16);
    let beats = (0..32).map(|n| (0.1 + f64::from(n) * 0.5, n % 4 == 0));
    let pixels = Pixels::of(&BeatGridChart::new("Grid").row(WaveformRow::new("Original", &peaks).beats(beats)));
    let y = 200;
    let empty = pixels.light(x(0.35, 16.0), y);
    for n in 0..32 {
        let (beat, bar) = (pixels.light(x(0.1 + f64::from(n) * 0.5, 16.0), y), n % 4 == 0);
        assert!(beat > empty + 60, "no line at beat {n}");
        assert_eq!(beat > empty + 250, bar, "beat {n} is {beat} on {empty}");
    }
    let lines = (90..1560).filter(|&x| pixels.light(x, y) > empty + 60).count();
    assert_eq!(lines, 32, "and nowhere else");
}

#[test]
fn each_row_has_its_own_grid_and_bars_are_aligned_where_beats_are() {
    let (slow, fast) = (silence(20), silence(16));
    let chart = BeatGridChart::new("Two")
        .row(WaveformRow::new("Original", &slow).beats((0..32).map(|n| (f64::from(n) * 0.625, n % 4 == 0))))
        .row(WaveformRow::new("Stretched", &fast).beats((0..32).map(|n| (f64::from(n) * 0.5, n % 4 == 0))))
        .row(WaveformRow::new("Late", &fast).beats((0..32).map(|n| (0.25 + f64::from(n) * 0.5, n % 4 == 0))));
    let pixels = Pixels::of(&chart.size(1600, 800));
    let lines = |y| -> Vec<u32> { (90..1560).filter(|&x| pixels.light(x, y) > 400).collect() };
    let (first, second, third) = (lines(120), lines(370), lines(620));
    assert_eq!(first.len(), 7);
    assert_eq!(first, second);
    let shift = |(a, b): (&u32, &u32)| b - a;
    assert!(second.iter().zip(third.iter().skip(1)).map(shift).all(|d| (22..=24).contains(&d)), "{second:?} {third:?}");
}

#[test]
fn a_grid_too_dense_to_draw_keeps_its_bars_apart_and_the_waveform_visible() {
    let peaks = silence(600);
    let beats = (0..1_000_000).map(|n| (f64::from(n) * 6e-4, n % 4 == 0));
    let pixels = Pixels::of(&BeatGridChart::new("Dense").row(WaveformRow::new("Original", &peaks).beats(beats)));
    let empty = pixels.light(88, 200);
    let lines = (90..1560).filter(|&x| pixels.light(x, 200) > empty + 60).count();
    assert!((50..=300).contains(&lines), "{lines} lines");
}

#[test]
fn a_cue_has_its_line_and_one_colour_in_every_row() {
    let peaks = silence(16);
    let first = WaveformRow::new("Original", &peaks).cue(8.0, "drop").cue(12.0, "out");
    let second = WaveformRow::new("Stretched", &peaks).cue(12.0, "out").cue(4.0, "drop").cue(99.0, "outside");
    let pixels = Pixels::of(&BeatGridChart::new("Cues").row(first).row(second));
    let (orange, green) = ([0xff, 0xa6, 0x57], [0x7e, 0xd9, 0x87]);
    let (upper, lower) = (0..pixels.height / 2, pixels.height / 2..pixels.height);
    assert!(pixels.count(x(8.0, 16.0), upper.clone(), orange) > 120);
    assert!(pixels.count(x(4.0, 16.0), lower.clone(), orange) > 120);
    assert!(pixels.count(x(12.0, 16.0), upper, green) > 120 && pixels.count(x(12.0, 16.0), lower.clone(), green) > 120);
    assert_eq!(pixels.count(x(8.0, 16.0), lower, orange), 0);
}

#[test]
fn labels_of_cues_at_one_time_are_stacked() {
    let peaks = silence(16);
    let row = WaveformRow::new("Original", &peaks).cue(8.0, "A intro").cue(8.0, "memory").cue(16.0, "end");
    let pixels = Pixels::of(&BeatGridChart::new("Cues").row(row));
    // Two pixels inside the labels, where no letter is.
    let inside = x(8.0, 16.0) + 2;
    let (orange, green) = ([0xff, 0xa6, 0x57], [0x7e, 0xd9, 0x87]);
    assert!(pixels.count(inside, 40..120, orange) > 12 && pixels.count(inside, 40..120, green) > 12);
    // A label at the end is shown whole.
    let purple = [0xc7, 0x9b, 0xf2];
    assert!((1540..1570).filter(|&x| pixels.count(x, 40..120, purple) > 5).count() > 25);
    // So is a label at the end of an excerpt whose length was rounded to its last whole frame. A label later than that is not shown.
    let row = WaveformRow::new("Original", &peaks).cue(16.000_05, "end").cue(16.1, "outside");
    let pixels = Pixels::of(&BeatGridChart::new("Cues").row(row));
    assert!((1540..1570).filter(|&x| pixels.count(x, 40..120, orange) > 5).count() > 25);
    assert!((0..1_600).all(|x| pixels.count(x, 40..120, green) == 0));
}

#[test]
fn characters_that_the_font_lacks_are_boxes_and_the_rest_stays_readable() {
    let peaks = silence(4);
    // The title's characters, one after the other.
    let title = |text: &str| -> Vec<Vec<[u8; 3]>> {
        let pixels = Pixels::of(&BeatGridChart::new(text).row(WaveformRow::new("", &peaks)));
        let cell = |n| (8..36).flat_map(move |y| (0..CELL).map(move |x| (84 + n * CELL + x, y)));
        (0..WIDTH as u32 / CELL).map(|n| cell(n).map(|(x, y)| pixels.at(x, y)).collect()).collect()
    };
    let (chinese, latin, composed, question) =
        (title("夜に.wav"), title("ab.wav"), title("e\u{301}a"), title("??.wav"));
    assert_eq!(chinese[2..], latin[2..]);
    assert_eq!(chinese[0], chinese[1]);
    assert!(chinese[0] != title(" ")[0] && chinese[0] != question[0]);
    assert_eq!(composed, title("ea"));
    // A title that is too long ends in dots.
    let (long, dots) = (title(&"夜".repeat(400)), title("..."));
    assert_eq!(long[long.len() - 3..], dots[..3]);
    assert_eq!(long[long.len() - 4], chinese[0]);
}

#[test]
fn odd_times_never_break_the_drawing() {
    let wild = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -1e300, 1e300, 1.0, 1e-300, f64::MAX];
    let peaks = silence(4);
    let row = WaveformRow::new("\n\0夜", &peaks).beats(wild.iter().map(|&t| (t, t > 0.0)));
    let row = wild.iter().fold(row, |row, &t| row.cue(t, "a very long label, much too long, \u{1f3a7}").cue(t, ""));
    assert!(BeatGridChart::new("wild").row(row).size(480, 260).png().is_ok());
}

#[test]
fn an_impossible_chart_is_refused_by_value() {
    let (peaks, none) = (silence(4), silence(0));
    let row = || WaveformRow::new("Original", &peaks);
    let rows = |count: usize| (0..count).fold(BeatGridChart::new(""), |chart, _| chart.row(row()));
    for (chart, value) in [
        (BeatGridChart::new(""), "rows is 0"),
        (rows(9).size(1600, 4000), "rows is 9"),
        (rows(1).size(10, 600), "width is 10"),
        (rows(1).size(1600, 9), "height is 9"),
        (rows(8).size(1600, 300), "pixels; make the picture higher"),
        (BeatGridChart::new("").row(row().span(2.0, 2.0)), "2..2 s"),
        (BeatGridChart::new("").row(row().span(0.0, f64::NAN)), "0..NaN s"),
        (BeatGridChart::new("").row(WaveformRow::new("", &none)), "0..0 s"),
    ] {
        let error = chart.png().unwrap_err();
        assert!(*error.kind() == ErrorKind::InvalidChart && error.to_string().contains(value), "{error}");
    }
}

#[test]
fn the_png_has_the_set_size_and_is_written_completely() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("chart.png");
    let peaks = silence(4);
    let chart =
        BeatGridChart::new("Title").subtitle("and more").size(900, 300).row(WaveformRow::new("Original", &peaks));
    chart.write(&path).unwrap();
    let png = std::fs::read(&path).unwrap();
    assert_eq!(png, chart.png().unwrap());
    assert_eq!((&png[1..4], &png[16..24]), (&b"PNG"[..], &[0, 0, 3, 132, 0, 0, 1, 44][..]));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
}
