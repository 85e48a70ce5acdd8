//! The sound formats that this build reads, and the file extensions that it reads and refuses.

/// The sound formats that [`open`](crate::open) reads in this build, as messages name them. The list depends on the features.
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

/// [`FORMATS`] joined to a phrase, for a message: "WAV, RF64, FLAC and MP3".
pub fn supported_formats() -> String {
    match FORMATS {
        [] => "nothing, because it was built without any format".to_owned(),
        [one] => (*one).to_owned(),
        [all @ .., last] => format!("{} and {last}", all.join(", ")),
    }
}

/// The extensions of the files that [`open`](crate::open) reads in this build, in lower case and without a dot.
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

/// The extensions of other sound files, which [`open`](crate::open) refuses, in most cases with the name of their format. A program that
/// scans a folder can report such files. `mkv`, which is mostly video, is not among them.
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
