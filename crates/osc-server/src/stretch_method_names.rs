//! The names of stretch methods in messages and on the command line.

use crowd_engine::StretchMethod;

/// The names of a stretch method.
#[derive(Debug)]
pub struct StretchMethodNames {
    /// The engine's method.
    pub method: StretchMethod,
    /// The name in help and documentation.
    pub name: &'static str,
    /// Other names that are accepted in messages and on the command line.
    pub aliases: &'static [&'static str],
    /// One line about its sound and its cost, for the help.
    pub about: &'static str,
}

/// The names of all stretch methods.
pub static STRETCH_METHOD_NAMES: [StretchMethodNames; 3] = [
    StretchMethodNames {
        method: StretchMethod::PlaybackRate,
        name: "playback_rate",
        aliases: &[],
        about: "Pitch follows the speed, as on a turntable",
    },
    StretchMethodNames {
        method: StretchMethod::Wsola,
        name: "wsola",
        aliases: &["audiotsm"],
        about: "Pitch stays; little work, drums stay sharp",
    },
    StretchMethodNames {
        method: StretchMethod::Hq,
        name: "hq",
        aliases: &["high_quality", "pyrubberband"],
        about: "Pitch stays; best sound, more work",
    },
];

/// The stretch method called `name`, in any case.
#[must_use]
pub fn stretch_method(name: &str) -> Option<StretchMethod> {
    let is = |known: &str| known.eq_ignore_ascii_case(name.trim());
    let known = STRETCH_METHOD_NAMES.iter().find(|names| is(names.name) || names.aliases.iter().any(|alias| is(alias)));
    known.map(|names| names.method)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_found_by_each_of_their_names_in_any_case() {
        for (name, method) in [
            ("playback_rate", StretchMethod::PlaybackRate),
            ("WSOLA", StretchMethod::Wsola),
            (" AudioTSM ", StretchMethod::Wsola),
            ("high_quality", StretchMethod::Hq),
            ("pyrubberband", StretchMethod::Hq),
            ("HQ", StretchMethod::Hq),
        ] {
            assert_eq!(stretch_method(name), Some(method), "{name}");
        }
        assert_eq!(["", "fast", "wsola2"].map(stretch_method), [None; 3]);
        assert!(
            StretchMethod::ALL.iter().all(|method| STRETCH_METHOD_NAMES.iter().any(|names| names.method == *method))
        );
    }
}
