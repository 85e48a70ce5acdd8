//! Checks the pixels of charts.
#![cfg(feature = "picture")]
#![allow(clippy::unwrap_used)]

use crowd_media::picture::{Chart, Color, Curve, CurveLane, CurveStyle, SpanLane};
use crowd_media::{Audio, ErrorKind, Samples, peaks::Peaks};

const RED: Color = Color(255, 0, 0);

struct Pixels {
    width: u32,
    height: u32,
    rgba: Vec<u8>,
}

impl Pixels {
    fn of(chart: &Chart<'_>) -> Self {
        let (width, height, rgba) = chart.rgba().unwrap();
        assert_eq!(rgba.len() as u32, width * height * 4);
        Self { width, height, rgba }
    }

    fn at(&self, x: u32, y: u32) -> [u8; 3] {
        let at = ((y * self.width + x) * 4) as usize;
        self.rgba[at..at + 3].try_into().unwrap()
    }

    /// Rows of column `x` that are mostly red.
    fn red(&self, x: u32) -> Vec<u32> {
        (0..self.height).filter(|&y| matches!(self.at(x, y), [r, g, b] if r > 180 && g < 90 && b < 90)).collect()
    }
}

fn lane(curve: Curve) -> CurveLane {
    CurveLane::new("Level").range(0.0, 1.0).curve(curve.color(RED))
}

#[test]
fn a_rising_curve_rises_and_covers_the_time_axis() {
    let pixels = Pixels::of(&Chart::new("Ramp").curves(lane(Curve::new("A", vec![(0.0, 0.0), (60.0, 1.0)]))));
    assert_eq!(pixels.width, 1600);
    let height_at = |x: u32| {
        let rows = pixels.red(x);
        f64::from(rows.iter().sum::<u32>()) / rows.len() as f64
    };
    let (left, middle, right) = (height_at(200), height_at(800), height_at(1400));
    assert!(left > middle && middle > right, "{left} {middle} {right}");
    assert!(((left - middle) - (middle - right)).abs() < 1.5, "a straight line stays straight");
    assert!(pixels.red(40).is_empty() && pixels.red(1590).is_empty(), "nothing outside the lane");
}

#[test]
fn steps_hold_and_gaps_stay_empty() {
    let step = Curve::new("A", vec![(0.0, 0.0), (30.0, 1.0)]).style(CurveStyle::Steps);
    let pixels = Pixels::of(&Chart::new("Step").span(0.0, 60.0).curves(lane(step)));
    assert_eq!(pixels.red(200), pixels.red(700));
    assert_eq!(pixels.red(1000), pixels.red(1500));
    assert_ne!(pixels.red(700), pixels.red(1000));

    let gap = Curve::new("A", vec![(0.0, 0.5), (20.0, 0.5), (25.0, f64::NAN), (40.0, 0.5), (60.0, 0.5)]);
    let pixels = Pixels::of(&Chart::new("Gap").curves(lane(gap)));
    assert!(!pixels.red(300).is_empty() && pixels.red(800).is_empty() && !pixels.red(1400).is_empty());
}

#[test]
fn a_hundred_thousand_points_keep_their_extremes() {
    let points = (0..100_000).map(|n| (f64::from(n) * 1e-3, if n == 50_000 { 1.0 } else { 0.0 })).collect();
    let pixels = Pixels::of(&Chart::new("Spike").curves(lane(Curve::new("A", points))));
    let tallest = (84..1572).map(|x| pixels.red(x).len()).max().unwrap();
    assert!(tallest > 80, "the spike is {tallest} pixels high");
}

#[test]
fn a_waveform_shows_each_channel_and_full_scale_in_red() {
    let swing = |n: usize| if n.is_multiple_of(2) { 1.0 } else { -1.0 };
    let samples = (0..96_000).flat_map(|n| if n < 48_000 { [swing(n), 0.0] } else { [0.0, 0.5 * swing(n)] }).collect();
    let peaks = Peaks::of(&Audio::new(Samples::F32(samples), 48_000, 2).unwrap());
    let pixels = Pixels::of(&Chart::new("Halves").waveform("Master", &peaks));
    let blue = |x: u32, rows: std::ops::Range<u32>| {
        rows.filter(|&y| matches!(pixels.at(x, y), [r, _, b] if b > 100 && b > r + 30)).count()
    };
    let (top, bottom) = (88..198, 198..308);
    assert!(blue(400, top.clone()) > 40 && blue(1200, top.clone()) < 4, "left sounds in the first half only");
    assert!(blue(400, bottom.clone()) < 4 && blue(1200, bottom) > 20, "right sounds in the second half only");
    let clipped = |x: u32| (60..120).any(|y| matches!(pixels.at(x, y), [r, g, _] if r > 200 && g < 120));
    assert!(clipped(400) && !clipped(1200));
}

#[test]
fn spans_of_one_name_have_one_colour() {
    let span = |from, to, name: &str| (from, to, name.to_owned());
    let form = vec![span(0.0, 20.0, "A"), span(20.0, 40.0, "B"), span(40.0, 60.0, "A"), span(70.0, f64::NAN, "C")];
    let pixels = Pixels::of(&Chart::new("Form").span(0.0, 60.0).spans(SpanLane::new("Form", form)));
    // Near the lower edge of the lane, so that no name is there.
    let at = |x: u32| pixels.at(x, 58 + 30 + 36);
    assert_eq!(at(150), at(1400));
    assert_ne!(at(150), at(800));
}

#[test]
fn the_png_has_the_set_size_and_is_written_completely() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("chart.png");
    let chart = Chart::new("Título – ♥")
        .width(800)
        .mark(10.0, "here")
        .curves(lane(Curve::new("A", vec![(0.0, 0.0), (60.0, 1.0)])));
    chart.write(&path).unwrap();
    let png = std::fs::read(&path).unwrap();
    assert_eq!(png, chart.png().unwrap());
    assert_eq!((&png[1..4], &png[16..20]), (&b"PNG"[..], &800_u32.to_be_bytes()[..]));
}

#[test]
fn an_impossible_chart_is_refused_by_value() {
    let fine = || lane(Curve::new("A", vec![(0.0, 0.0), (60.0, 1.0)]));
    for (chart, value) in [
        (Chart::new("").width(10).curves(fine()), "10"),
        (Chart::new(""), "0"),
        (Chart::new("").curves(fine().height(5000)), "5000"),
        (Chart::new("").curves(fine().range(1.0, 1.0)), "1..1"),
        (Chart::new("").curves(fine().range(0.0, f64::NAN)), "0..NaN"),
        (Chart::new("").span(5.0, 5.0).curves(fine()), "5..5"),
        (Chart::new("").curves(CurveLane::new("empty")), "0..0"),
    ] {
        let error = chart.png().unwrap_err();
        assert!(*error.kind() == ErrorKind::InvalidChart && error.to_string().contains(value), "{error}");
    }
}

#[test]
fn odd_curves_never_break_the_drawing() {
    let wild = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -1e300, 1e300, 30.0, 1e-300, f64::MAX];
    let points: Vec<(f64, f64)> = wild.iter().flat_map(|&t| wild.iter().map(move |&v| (t, v))).collect();
    for style in [CurveStyle::Line, CurveStyle::Steps, CurveStyle::Area] {
        for auto in [false, true] {
            let lines = CurveLane::new("wild").curve(Curve::new("A", points.clone()).style(style));
            let lines = if auto { lines } else { lines.range(-1.0, 1.0) };
            assert!(Chart::new("").span(0.0, 60.0).curves(lines).png().is_ok());
        }
    }
}
