//! Encodes a picture or a clip as H.264 by the program ffmpeg, once.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use super::clip_settings::VideoSettings;

/// The longest clip. It is in memory while it is sent.
const LONGEST_SECONDS: u64 = 60;
/// The time in which ffmpeg has to end.
const ENCODING: Duration = Duration::from_secs(600);
/// The most bytes of its messages that are kept.
const MESSAGES: u64 = 16 << 10;
/// The time until a stop of ffmpeg is noticed.
const POLL: Duration = Duration::from_millis(20);

/// Where the pictures come from.
pub(super) enum Pictures<'a> {
    /// One picture in a file.
    StillFile(&'a Path),
    /// A clip in a file.
    Clip(&'a Path),
    /// One picture as PNG.
    Still(Vec<u8>),
}

impl<'a> Pictures<'a> {
    /// The pictures in a file, of which these are the first bytes.
    pub fn of_file(path: &'a Path, head: &[u8]) -> Self {
        let is_webp = head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP");
        let is_still = [&b"\x89PNG"[..], b"\xFF\xD8\xFF", b"BM"].iter().any(|magic| head.starts_with(magic));
        if is_still || is_webp { Self::StillFile(path) } else { Self::Clip(path) }
    }
}

/// Encodes pictures as an H.264 stream with a delimiter before each picture: closed groups of `group` pictures, of a constant bit rate,
/// in the order in which they are shown.
///
/// # Errors
/// A text with the way out.
pub(super) fn encode(pictures: Pictures<'_>, settings: &VideoSettings, group: u64) -> Result<Vec<u8>, String> {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-nostdin", "-protocol_whitelist", "file,pipe", "-i"]);
    let (count, repeat, input) = match pictures {
        Pictures::StillFile(path) => (group, true, Ok(path)),
        Pictures::Clip(path) => (LONGEST_SECONDS * crowd_streaming::PICTURE_RATE / group * group, false, Ok(path)),
        Pictures::Still(png) => (group, true, Err(png)),
    };
    match &input {
        Ok(path) => {
            let mut url = std::ffi::OsString::from("file:");
            url.push(path);
            command.arg(url).stdin(Stdio::null());
        }
        Err(_) => {
            command.arg("pipe:0").stdin(Stdio::piped());
        }
    }
    command.args(arguments(settings, group, count, repeat)).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = command.spawn().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            "the program ffmpeg is needed to encode the video, and is not found: install it (apt-get install ffmpeg)"
                .to_owned()
        }
        _ => format!("the program ffmpeg cannot be started: {error}"),
    })?;
    if let (Err(png), Some(mut stdin)) = (input, process.stdin.take()) {
        // It is smaller than the buffer of the system, so this does not wait. A failure is one of ffmpeg, which says why.
        let _written = stdin.write_all(&png);
    }
    let (bytes, messages) = output(&mut process)?;
    if bytes.is_empty() {
        let reason = messages.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or("no picture");
        let reason: String = reason.chars().filter(|c| !c.is_control()).take(300).collect();
        return Err(format!("ffmpeg finds no picture in it ({reason}): give a picture or a clip that ffmpeg can play"));
    }
    Ok(bytes)
}

/// The arguments of ffmpeg after the input.
fn arguments(settings: &VideoSettings, group: u64, count: u64, repeat: bool) -> Vec<String> {
    let VideoSettings { width, height, bit_rate, .. } = settings;
    let repeat = if repeat { "loop=loop=-1:size=1:start=0," } else { "" };
    let filter = format!(
        "scale={width}:{height}:force_original_aspect_ratio=decrease,pad={width}:{height}:(ow-iw)/2:(oh-ih)/2,setsar=1,{repeat}\
         fps={},format=yuv420p",
        crowd_streaming::PICTURE_RATE
    );
    let (group, rate, count) = (group.to_string(), bit_rate.to_string(), count.to_string());
    let of_encoder = "nal-hrd=cbr:force-cfr=1:aud=1:open-gop=0:scenecut=0:repeat-headers=1";
    let options = [
        ("-map", "0:v:0"),
        ("-vf", &filter),
        ("-frames:v", &count),
        ("-c:v", "libx264"),
        ("-preset", "medium"),
        ("-profile:v", "high"),
        ("-bf", "0"),
        ("-g", &group),
        ("-keyint_min", &group),
        ("-b:v", &rate),
        ("-minrate", &rate),
        ("-maxrate", &rate),
        ("-bufsize", &rate),
        ("-x264-params", of_encoder),
        ("-f", "h264"),
    ];
    options.iter().flat_map(|(name, value)| [*name, *value]).chain(["pipe:1"]).map(str::to_owned).collect()
}

/// What a process writes, and its messages. It is killed when it takes too long.
fn output(process: &mut Child) -> Result<(Vec<u8>, String), String> {
    let (stdout, stderr) = (process.stdout.take(), process.stderr.take());
    let (send, received) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = stdout.map(|mut stdout| stdout.read_to_end(&mut bytes));
        // Nothing waits any more if ffmpeg took too long.
        let _sent = send.send(read.map(|read| read.map(|_| bytes)));
    });
    let messages = thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut stderr) = stderr {
            let _read = stderr.by_ref().take(MESSAGES).read_to_end(&mut bytes);
            let _rest = std::io::copy(&mut stderr, &mut std::io::sink());
        }
        String::from_utf8_lossy(&bytes).into_owned()
    });
    let deadline = Instant::now() + ENCODING;
    let bytes = loop {
        match received.recv_timeout(POLL) {
            Ok(Some(Ok(bytes))) => break bytes,
            Ok(Some(Err(error))) => return Err(format!("what ffmpeg writes cannot be read: {error}")),
            Ok(None) | Err(mpsc::RecvTimeoutError::Disconnected) => break Vec::new(),
            Err(mpsc::RecvTimeoutError::Timeout) if Instant::now() < deadline => {}
            Err(mpsc::RecvTimeoutError::Timeout) => {
                let _killed = process.kill();
                let _waited = process.wait();
                return Err(format!("ffmpeg did not encode the video within {} s", ENCODING.as_secs()));
            }
        }
    };
    let status = process.wait().map_err(|error| format!("ffmpeg: {error}"))?;
    let messages = messages.join().unwrap_or_default();
    if status.success() { Ok((bytes, messages)) } else { Ok((Vec::new(), messages)) }
}
