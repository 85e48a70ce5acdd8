//! A picture with a title, for video without other pictures.

use super::canvas::{Align, Canvas, Font};
use super::draw::refused;
use super::theme::{PEAK, TEXT};
use crate::error::Error;

/// The size in pixels. It is small, so that the letters are large when it is scaled up.
const WIDTH: u32 = 320;
const HEIGHT: u32 = 180;
/// The pixels left and right of the text, at least.
const MARGIN: f32 = 16.0;

/// A picture of 320 x 180 pixels with one line of text above a line, as PNG. A text that is too long ends with three dots.
///
/// # Errors
/// When there is no memory for it.
pub fn title_card(text: &str) -> Result<Vec<u8>, Error> {
    let mut canvas = Canvas::new(WIDTH, HEIGHT)
        .ok_or_else(|| refused("the picture size", format!("{WIDTH} x {HEIGHT}"), "close other programs"))?;
    let (width, height) = (WIDTH as f32, HEIGHT as f32);
    let text = Font::Title.fit(text, width - 2.0 * MARGIN);
    canvas.text(width / 2.0, height / 2.0 - Font::Title.height(), Align::Center, Font::Title, TEXT, &text);
    canvas.rect(width / 3.0, height / 2.0 + 4.0, width / 3.0, 2.0, PEAK, 1.0);
    canvas.png()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_off_and_the_picture_depends_on_it() {
        let cards = ["Radio Example", &"Radio ".repeat(40), ""].map(|text| title_card(text).unwrap());
        assert!(cards.iter().all(|card| card.starts_with(b"\x89PNG") && card.len() < 10_000));
        assert!(cards[0] != cards[1] && cards[1] != cards[2]);
    }
}
