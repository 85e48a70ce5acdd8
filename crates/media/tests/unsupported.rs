//! Unsupported files are refused with the name of their format and what to do instead.
#![cfg(all(feature = "decode", feature = "encode"))]
#![allow(clippy::unwrap_used)]

mod test_files;

use crowd_media::{DecodeOptions, EXTENSIONS, ErrorKind, REFUSED_EXTENSIONS, Reader, open, probe};

/// The extension, the encoder arguments, the name of the format in the error, and the advice in the error.
const KINDS: [(&str, &[&str], &str, &str); 12] = [
    ("wv", &["-c:a", "wavpack"], "WavPack", "FLAC"),
    ("wma", &["-c:a", "wmav2"], "Windows Media (WMA)", "FLAC"),
    ("w64", &["-c:a", "pcm_s16le"], "Wave64", "convert it to WAV"),
    ("wav", &["-c:a", "libmp3lame"], "MP3 in a WAV", "take the MP3 out"),
    ("wav", &["-c:a", "mp2"], "MP2 in a WAV", "take the MP2 out"),
    ("wav", &["-c:a", "adpcm_ms"], "ADPCM in a WAV", "FLAC"),
    ("wav", &["-c:a", "wmav2"], "Windows Media (WMA) in a WAV", "FLAC"),
    ("tta", &["-c:a", "tta"], "True Audio", "FLAC"),
    ("au", &["-c:a", "pcm_s16be"], "Sun AU", "WAV"),
    ("ac3", &["-c:a", "ac3"], "AC-3", "FLAC"),
    ("mkv", &["-c:a", "ac3"], "AC-3 in Matroska", "ffmpeg"),
    ("mka", &["-c:a", "flac"], "FLAC in Matroska", "-c copy OUT.flac"),
];

#[test]
fn unsupported_sound_is_refused_by_name_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let from = test_files::wav_file(folder.path(), "from.wav", 44_100, 44_100, 2);
    for (end, arguments, name, advice) in KINDS {
        let path = test_files::encode(&from, &format!("to.{end}"), arguments);
        let errors = [
            probe(&path).unwrap_err(),
            open(&path, &DecodeOptions::default()).unwrap_err(),
            Reader::open(&path).err().unwrap(),
        ];
        for error in errors {
            assert!(matches!(error.kind(), ErrorKind::UnsupportedCodec { codec } if codec == name), "{name}: {error}");
            let text = error.to_string();
            assert!(text.contains(&*path.to_string_lossy()) && text.contains(advice), "{name}: {text}");
        }
    }
}

#[test]
fn an_mp3_in_a_wav_is_refused_after_a_tag_too() {
    let folder = tempfile::tempdir().unwrap();
    let from = test_files::wav_file(folder.path(), "from.wav", 4_410, 44_100, 2);
    let wave = test_files::encode(&from, "to.wav", &["-c:a", "libmp3lame"]);
    let mut bytes = b"ID3\x04\0\0\0\0\0\x05hello".to_vec();
    bytes.extend(std::fs::read(&wave).unwrap());
    std::fs::write(&wave, bytes).unwrap();
    let error = probe(&wave).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::UnsupportedCodec { codec } if codec == "MP3 in a WAV"), "{error}");
}

#[test]
fn no_extension_is_both_read_and_refused() {
    assert!(EXTENSIONS.iter().all(|end| !REFUSED_EXTENSIONS.contains(end)));
    assert_eq!(EXTENSIONS.contains(&"opus"), cfg!(feature = "opus"));
}
