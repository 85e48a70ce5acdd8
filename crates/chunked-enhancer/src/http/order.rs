//! What a URL or a request's body asks for.

use crowd_media::Depth;
use crowd_web::{Problem, query};
use serde::Deserialize;

use crate::preset::{Intensity, Treatment};
use crate::rendition::Order;

/// Reads `preset`, `intensity`, `format`, `bits` and `analysis`. What it does not know is refused: a misspelt preset would
/// otherwise sound like the default.
pub fn order(query: &str) -> Result<Order, Problem> {
    let mut order = Order::default();
    for (key, value) in query::pairs(query) {
        set(&mut order, &key, &value)?;
    }
    Ok(order)
}

fn set(order: &mut Order, key: &str, value: &str) -> Result<(), Problem> {
    match key {
        "preset" => order.treatment.preset = value.parse().map_err(Problem::bad)?,
        "intensity" => order.treatment.intensity = value.parse().map_err(Problem::bad)?,
        "format" => order.format = value.parse().map_err(Problem::bad)?,
        "bits" => order.depth = Some(value.parse::<Depth>().map_err(|error| Problem::bad(error.to_string()))?),
        "analysis" => order.kind = value.parse().map_err(Problem::bad)?,
        "access_token" => {}
        other => {
            let known = "preset, intensity, format, bits, analysis";
            return Err(Problem::bad(format!("parameter \"{}\": known are {known}", other.escape_debug())));
        }
    }
    Ok(())
}

/// The body of `POST /api/jobs`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wish {
    /// The track's id.
    pub track: String,
    preset: Option<String>,
    intensity: Option<Intensity>,
    format: Option<String>,
    bits: Option<String>,
    analysis: Option<String>,
}

impl Wish {
    /// What it asks for.
    pub fn order(&self) -> Result<Order, Problem> {
        let mut order = Order {
            treatment: Treatment { intensity: self.intensity.unwrap_or_default(), ..Default::default() },
            ..Default::default()
        };
        let fields =
            [("preset", &self.preset), ("format", &self.format), ("bits", &self.bits), ("analysis", &self.analysis)];
        for (key, value) in fields {
            if let Some(value) = value {
                set(&mut order, key, value)?;
            }
        }
        Ok(order)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::Format;
    use crate::preset::Preset;

    #[test]
    fn a_query_is_read_and_what_it_misspells_is_refused() {
        let read = order("preset=warm&intensity=0.5&format=flac&bits=24").unwrap();
        assert_eq!((read.treatment.preset, read.treatment.intensity.get()), (Preset::Warm, 0.5));
        assert_eq!((read.format, read.depth), (Format::Flac, Some(Depth::I24)));
        for query in
            ["presett=warm", "preset=Warm", "intensity=2", "intensity=NaN", "format=mp3", "bits=8", "analysis=deep"]
        {
            assert!(order(query).is_err(), "{query}");
        }
    }
}
