//! MP2 is decoded as by ffmpeg, at once and from any frame.
#![cfg(all(feature = "decode", feature = "encode"))]
#![allow(clippy::unwrap_used)]

mod test_files;

use crowd_media::{DecodeOptions, Reader, open, probe};

#[test]
fn mp2_is_decoded_as_by_ffmpeg_at_lag_0_and_is_the_same_from_any_frame() {
    let folder = tempfile::tempdir().unwrap();
    for (rate, channels, bits) in [(44_100, 2, "192k"), (48_000, 1, "96k"), (32_000, 2, "128k"), (22_050, 2, "96k")] {
        let from = test_files::wav_file(folder.path(), "from.wav", 150_000, rate, channels);
        let path = test_files::encode(&from, "to.mp2", &["-c:a", "mp2", "-b:a", bits]);
        assert_eq!(probe(&path).unwrap().codec, "mp2");
        let audio = open(&path, &DecodeOptions::default()).unwrap();
        assert!(audio.warnings.is_empty(), "{rate} Hz: {:?}", audio.warnings);
        let (got, want) = (audio.to_f32(), test_files::by_ffmpeg(&path));
        let width = usize::from(channels);
        assert_eq!((audio.sample_rate, audio.channels, got.len()), (rate, channels, want.len()), "{rate} Hz");
        let (lag, snr) = (test_files::lag(&want, &got, width, 8), test_files::snr(&want, &got));
        println!("{rate} Hz: lag {lag}, {snr:.1} dB");
        assert!(lag == 0 && snr > 60.0, "{rate} Hz: lag {lag}, {snr:.1} dB");

        let mut reader = Reader::open(&path).unwrap();
        assert_eq!(reader.frames(), audio.frames() as u64, "{rate} Hz");
        for from in [0, 1, 1_151, 1_152, 50_000, 100_001, audio.frames() - 1] {
            reader.seek(from as u64).unwrap();
            let mut rest = Vec::new();
            while let Some(block) = reader.next_block().unwrap() {
                rest.extend_from_slice(block);
            }
            assert!(rest == got[from * width..], "{rate} Hz from {from}");
        }
    }
}
