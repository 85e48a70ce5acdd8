//! The kinds of sound files there are: those that this build reads, and those that it refuses by name.

/// The kinds of sound that [`open`](crate::open) reads in this build, as messages name them. Which they are depends on the
/// features.
pub const FORMATS: &[&str] = &[
    #[cfg(feature = "wav")]
    "WAV",
    #[cfg(feature = "wav")]
    "RF64",
    #[cfg(feature = "aiff")]
    "AIFF",
    #[cfg(feature = "flac")]
    "FLAC",
    #[cfg(feature = "mp3")]
    "MP3",
    #[cfg(feature = "mp3")]
    "MP2",
    #[cfg(feature = "vorbis")]
    "Ogg Vorbis",
    #[cfg(feature = "opus")]
    "Opus (Ogg/WebM)",
    #[cfg(feature = "aac")]
    "AAC-LC",
    #[cfg(feature = "alac")]
    "ALAC (M4A/CAF)",
    #[cfg(feature = "caf")]
    "CAF",
];

/// [`FORMATS`] in a row, for a message: "WAV, RF64, FLAC and MP3".
pub fn supported_formats() -> String {
    match FORMATS {
        [] => "nothing, because it was built without any format".to_owned(),
        [one] => (*one).to_owned(),
        [all @ .., last] => format!("{} and {last}", all.join(", ")),
    }
}

/// How the names of files end that [`open`](crate::open) reads in this build, in lower case and without a dot.
pub const EXTENSIONS: &[&str] = &[
    #[cfg(feature = "wav")]
    "wav",
    #[cfg(feature = "wav")]
    "wave",
    #[cfg(feature = "wav")]
    "rf64",
    #[cfg(feature = "wav")]
    "bw64",
    #[cfg(feature = "aiff")]
    "aif",
    #[cfg(feature = "aiff")]
    "aiff",
    #[cfg(feature = "aiff")]
    "aifc",
    #[cfg(feature = "flac")]
    "flac",
    #[cfg(feature = "mp3")]
    "mp3",
    #[cfg(feature = "mp3")]
    "mp2",
    #[cfg(feature = "mp3")]
    "mpa",
    #[cfg(feature = "mp3")]
    "mp1",
    #[cfg(feature = "ogg")]
    "ogg",
    #[cfg(feature = "ogg")]
    "oga",
    #[cfg(feature = "mp4")]
    "m4a",
    #[cfg(feature = "mp4")]
    "mp4",
    #[cfg(feature = "aac")]
    "aac",
    #[cfg(feature = "alac")]
    "alac",
    #[cfg(feature = "caf")]
    "caf",
    #[cfg(feature = "opus")]
    "opus",
    #[cfg(feature = "opus")]
    "webm",
    #[cfg(feature = "opus")]
    "mka",
    #[cfg(feature = "opus")]
    "mkv",
];

/// How the names of other sound files end: those that [`open`](crate::open) refuses, most of them by the name of their kind. A program
/// that looks through a folder can say that they are there. `mkv`, which is mostly video, is not among them.
pub const REFUSED_EXTENSIONS: &[&str] = &[
    "wv",
    "wma",
    "asf",
    "w64",
    "ape",
    "mpc",
    "mpp",
    "tta",
    "tak",
    "ofr",
    "shn",
    "dsf",
    "dff",
    "au",
    "snd",
    "ra",
    "rm",
    "amr",
    "ac3",
    "eac3",
    "dts",
    "spx",
    #[cfg(not(feature = "wav"))]
    "wav",
    #[cfg(not(feature = "wav"))]
    "wave",
    #[cfg(not(feature = "wav"))]
    "rf64",
    #[cfg(not(feature = "wav"))]
    "bw64",
    #[cfg(not(feature = "aiff"))]
    "aif",
    #[cfg(not(feature = "aiff"))]
    "aiff",
    #[cfg(not(feature = "aiff"))]
    "aifc",
    #[cfg(not(feature = "flac"))]
    "flac",
    #[cfg(not(feature = "mp3"))]
    "mp3",
    #[cfg(not(feature = "mp3"))]
    "mp2",
    #[cfg(not(feature = "mp3"))]
    "mpa",
    #[cfg(not(feature = "mp3"))]
    "mp1",
    #[cfg(not(feature = "ogg"))]
    "ogg",
    #[cfg(not(feature = "ogg"))]
    "oga",
    #[cfg(not(feature = "mp4"))]
    "m4a",
    #[cfg(not(feature = "mp4"))]
    "mp4",
    #[cfg(not(feature = "aac"))]
    "aac",
    #[cfg(not(feature = "alac"))]
    "alac",
    #[cfg(not(feature = "caf"))]
    "caf",
    #[cfg(not(feature = "opus"))]
    "opus",
    #[cfg(not(feature = "opus"))]
    "webm",
    #[cfg(not(feature = "opus"))]
    "mka",
];
