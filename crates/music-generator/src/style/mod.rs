//! Styles: each is one file that states its tables and writes its bars.

pub mod ambient;
mod breath;
pub mod cinematic;
pub mod house;
pub mod indian;
pub mod lofi;
pub mod piano;
pub mod rules;

#[cfg(test)]
mod tests;

pub use rules::{Composes, Rules, mode};

use crate::types::target::Style;

/// The composer of a style.
pub fn composer(style: Style, seed: u64) -> Box<dyn Composes> {
    match style {
        Style::House => Box::new(house::House::new(seed)),
        Style::Piano => Box::new(piano::Piano::new(seed)),
        Style::Ambient => Box::new(ambient::Ambient::new(seed)),
        Style::Cinematic => Box::new(cinematic::Cinematic::new(seed)),
        Style::IndianLofi => Box::new(indian::IndianLofi::new(seed)),
        Style::Lofi => Box::new(lofi::Lofi::new(seed)),
    }
}
