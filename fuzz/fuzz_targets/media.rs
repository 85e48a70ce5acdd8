//! Any file is decoded to finite samples within the limit of memory, or is an error, without a panic.
#![no_main]

use std::io::Write;

use crowd_media::DecodeOptions;
use libfuzzer_sys::fuzz_target;

/// The most bytes that a decoded file may have.
const MAX_BYTES: u64 = 64 << 20;

fuzz_target!(|bytes: &[u8]| {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    let options = DecodeOptions { max_bytes: Some(MAX_BYTES), ..DecodeOptions::default() };
    if let Ok(audio) = crowd_media::open(file.path(), &options) {
        assert!(audio.frames() > 0);
        assert!(audio.samples.bytes() as u64 <= 2 * MAX_BYTES);
        assert!(audio.to_f32().iter().all(|x| x.is_finite()));
    }
});
