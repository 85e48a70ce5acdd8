//! Draws shapes and text into a picture.

use noto_sans_mono_bitmap::{FontWeight, RasterHeight, get_raster, get_raster_width};
use tiny_skia::{FillRule, Paint, PathBuilder, Pixmap, PremultipliedColorU8, Rect, Stroke, Transform};

use super::theme::{BACKGROUND, Color};
use crate::error::Error;

/// The alignment of a text to its x position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Center,
    Right,
}

/// Size and weight of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Font {
    Small,
    Strong,
    Title,
}

impl Font {
    fn parts(self) -> (FontWeight, RasterHeight) {
        match self {
            Self::Small => (FontWeight::Regular, RasterHeight::Size16),
            Self::Strong => (FontWeight::Bold, RasterHeight::Size16),
            Self::Title => (FontWeight::Bold, RasterHeight::Size20),
        }
    }

    /// Width of `text`, pixels.
    pub fn width(self, text: &str) -> f32 {
        let (weight, height) = self.parts();
        (get_raster_width(weight, height) * drawable(text).count()) as f32
    }

    /// `text`, or as much of its start as fits into `width` pixels together with three dots.
    pub fn fit(self, text: &str, width: f32) -> String {
        let (weight, height) = self.parts();
        let room = (width / get_raster_width(weight, height) as f32) as usize;
        if drawable(text).count() <= room {
            return text.to_owned();
        }
        drawable(text).take(room.saturating_sub(3)).chain("...".chars()).collect()
    }

    /// Height of a line, pixels.
    pub fn height(self) -> f32 {
        self.parts().1.val() as f32
    }
}

/// The characters that are drawn for `text`. Typographic signs become plain ones. Combining accents, which are usual in file names of
/// macOS, are left out, because the font cannot combine them.
fn drawable(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|c| !('\u{300}'..='\u{36f}').contains(c)).map(|c| match c {
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        '\u{2018}' | '\u{2019}' => '\'',
        '\u{201c}' | '\u{201d}' => '"',
        c => c,
    })
}

/// A picture that is being drawn.
pub(super) struct Canvas {
    pixels: Pixmap,
}

fn paint(color: Color, alpha: f32) -> Paint<'static> {
    let mut paint = Paint::default();
    paint.set_color_rgba8(color.0, color.1, color.2, (alpha.clamp(0.0, 1.0) * 255.0) as u8);
    paint
}

impl Canvas {
    /// A canvas of the theme's background, if there is memory for one of that size.
    pub fn new(width: u32, height: u32) -> Option<Self> {
        let mut pixels = Pixmap::new(width, height)?;
        pixels.fill(tiny_skia::Color::from_rgba8(BACKGROUND.0, BACKGROUND.1, BACKGROUND.2, 255));
        Some(Self { pixels })
    }

    pub fn rect(&mut self, x: f32, y: f32, width: f32, height: f32, color: Color, alpha: f32) {
        if let Some(rect) = Rect::from_xywh(x, y, width, height) {
            self.pixels.fill_rect(rect, &paint(color, alpha), Transform::identity(), None);
        }
    }

    /// A line through all points.
    pub fn line(&mut self, points: &[(f32, f32)], width: f32, color: Color, alpha: f32) {
        let mut path = PathBuilder::new();
        for (n, &(x, y)) in points.iter().enumerate() {
            if n == 0 { path.move_to(x, y) } else { path.line_to(x, y) }
        }
        let stroke = Stroke {
            width,
            line_join: tiny_skia::LineJoin::Round,
            line_cap: tiny_skia::LineCap::Round,
            ..Stroke::default()
        };
        if let Some(path) = path.finish() {
            self.pixels.stroke_path(&path, &paint(color, alpha), &stroke, Transform::identity(), None);
        }
    }

    /// The closed shape through all points.
    pub fn shape(&mut self, points: &[(f32, f32)], color: Color, alpha: f32) {
        let mut path = PathBuilder::new();
        for (n, &(x, y)) in points.iter().enumerate() {
            if n == 0 { path.move_to(x, y) } else { path.line_to(x, y) }
        }
        path.close();
        if let Some(path) = path.finish() {
            self.pixels.fill_path(&path, &paint(color, alpha), FillRule::Winding, Transform::identity(), None);
        }
    }

    /// Draws one line of text whose middle is at height `y`. Characters that the font lacks become boxes.
    pub fn text(&mut self, x: f32, y: f32, align: Align, font: Font, color: Color, text: &str) {
        let (weight, height) = font.parts();
        let left = match align {
            Align::Left => x,
            Align::Center => x - font.width(text) / 2.0,
            Align::Right => x - font.width(text),
        };
        let top = (y - font.height() / 2.0).round() as i64;
        let mut pen = left.round() as i64;
        let advance = get_raster_width(weight, height);
        for c in drawable(text) {
            let Some(glyph) = get_raster(c, weight, height) else {
                self.hollow_box(pen + 1, top + 3, advance as i64 - 2, font.height() as i64 - 6, color);
                pen += advance as i64;
                continue;
            };
            for (dy, row) in glyph.rows().enumerate() {
                for (dx, &coverage) in row.iter().enumerate() {
                    self.blend(pen + dx as i64, top + dy as i64, color, coverage);
                }
            }
            pen += glyph.width() as i64;
        }
    }

    fn hollow_box(&mut self, x: i64, y: i64, width: i64, height: i64, color: Color) {
        for dy in 0..height {
            for dx in 0..width {
                if dx == 0 || dy == 0 || dx == width - 1 || dy == height - 1 {
                    self.blend(x + dx, y + dy, color, 200);
                }
            }
        }
    }

    fn blend(&mut self, x: i64, y: i64, color: Color, coverage: u8) {
        let width = i64::from(self.pixels.width());
        if coverage == 0 || !(0..width).contains(&x) {
            return;
        }
        let Some(pixel) = usize::try_from(y * width + x).ok().and_then(|at| self.pixels.pixels_mut().get_mut(at))
        else {
            return;
        };
        let mix = |old: u8, new: u8| {
            let coverage = u32::from(coverage);
            ((u32::from(old) * (255 - coverage) + u32::from(new) * coverage + 127) / 255) as u8
        };
        let (r, g, b) = (mix(pixel.red(), color.0), mix(pixel.green(), color.1), mix(pixel.blue(), color.2));
        if let Some(mixed) = PremultipliedColorU8::from_rgba(r, g, b, 255) {
            *pixel = mixed;
        }
    }

    /// The picture as RGBA, row by row.
    pub fn rgba(self) -> Vec<u8> {
        self.pixels.take_demultiplied()
    }

    /// The picture as a PNG.
    pub fn png(&self) -> Result<Vec<u8>, Error> {
        self.pixels
            .encode_png()
            .map_err(|e| Error::library("the error of the PNG encoder", "draw a smaller picture", e))
    }
}
