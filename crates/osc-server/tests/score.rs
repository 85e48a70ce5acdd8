//! Scores that the program renders, measured sample by sample.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests are tests")]

mod common;

use assert_cmd::Command;
use common::{RATE, read_wav, write_wav};
use std::fs;
use std::path::PathBuf;

/// A folder with sounds, in which scores are rendered.
struct ScoreFolder(tempfile::TempDir);

impl ScoreFolder {
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        let mut click = vec![1_i16; RATE as usize];
        click[0] = 16_384;
        write_wav(&folder.file("click.wav"), &click);
        write_wav(&folder.file("plateau.wav"), &vec![16_384; 4 * RATE as usize]);
        folder
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The program, run in this folder.
    fn program(&self, score: &str, args: &[&str]) -> Command {
        fs::write(self.file("score.txt"), score).unwrap();
        let mut command = Command::cargo_bin("audio-server").unwrap();
        command.current_dir(self.0.path()).args(["--score", "score.txt", "--render", "out.wav"]).args(args);
        command
    }

    fn render_with(&self, score: &str, args: &[&str]) -> Vec<f32> {
        self.program(score, args).assert().success();
        read_wav(&self.file("out.wav"))
    }

    fn render(&self, score: &str) -> Vec<f32> {
        self.render_with(score, &[])
    }
}

fn frame(seconds: f64) -> usize {
    (seconds * RATE as f64).round() as usize
}

fn clicks(sound: &[f32]) -> Vec<usize> {
    sound.iter().enumerate().filter(|(_, x)| **x > 0.1).map(|(n, _)| n).collect()
}

#[test]
fn groups_start_exactly_5733_frames_apart() {
    let sound = ScoreFolder::new().render(
        "0 /cue A click.wav\n0 /cue B click.wav\n0 /start_group 0.5 A\n0 /start_group 0.63 B\n0 /cue C click.wav\n\
         0 /cue D click.wav\n0 /start_group C D 0.9",
    );
    assert_eq!(clicks(&sound), [22_050, 27_783, 39_690]);
    assert_eq!(sound[39_690], 1.0, "both decks of a group, in the same sample");
}

#[test]
fn a_message_acts_at_the_frame_to_which_its_time_rounds() {
    let times = [0.0, 0.000_01, 0.123_456, 0.5, 1.000_011_3];
    let line = |(n, t): (usize, &f64)| format!("0 /load_buffer {0} click.wav\n{t} /play_stem {0} 1 1 0\n", 100 + n);
    let score: String = times.iter().enumerate().map(line).collect();
    assert_eq!(times.map(frame), [0, 0, 5_444, 22_050, 44_100]);
    assert_eq!(clicks(&ScoreFolder::new().render(&score)), [0, 5_444, 22_050, 44_100]);
}

#[test]
fn times_count_from_the_last_reset() {
    let sound = ScoreFolder::new().render("1.25 /reset\n3 /play A click.wav 2.5\n3.5 /play B click.wav -7");
    assert_eq!(clicks(&sound), [frame(3.5), frame(3.75)]);
}

#[test]
fn the_same_score_gives_the_same_bytes() {
    let folder = ScoreFolder::new();
    let score = "0 /cue A click.wav\n0 /cue B plateau.wav\n0.1 /start_group 0.2 A B\n0 /dance/total_movement 0.9\n\
        0.7 /deck_eq B low 20\n1 /deck_levels 0.3 0.8\n2 /fade B 2.5 0.5\n0.3 /load_buffer 101 plateau.wav\n\
        0.35 /play_stem 101 1.1 0.4 1 0.25\n3 /stop_stem 101";
    let mut bytes = Vec::new();
    for _ in 0..2 {
        folder.program(score, &[]).assert().success();
        bytes.push(fs::read(folder.file("out.wav")).unwrap());
    }
    assert!(bytes[0] == bytes[1] && bytes[0].len() > 1_000_000);
}

#[test]
fn refused_messages_change_no_byte_and_are_named_by_their_line() {
    let folder = ScoreFolder::new();
    let good = "0 /cue A plateau.wav\n0 /start_group 0 A\n1 /deck_levels 0.5\n";
    let clean = folder.render(good);
    let bad = format!(
        "{good}0.5 /deck_levels NaN\n0.5 /set_tempo inf\n0.5 /cue B missing.wav\n0.6 /start_group 0 B\n0.7 /x\n"
    );
    let output = folder.program(&bad, &[]).assert().success();
    let log = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
    assert!(read_wav(&folder.file("out.wav")) == clean);
    for expected in ["/deck_levels from line 4 refused", "/cue from line 6 refused: missing.wav", "line 8", "5 refused"]
    {
        assert!(log.contains(expected), "{expected}: {log}");
    }
    let many = "0 /deck_levels NaN\n".repeat(50);
    let output = folder.program(&many, &["--seconds", "0.1"]).assert().success();
    let log = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
    assert_eq!(log.lines().filter(|line| line.contains("/deck_levels from line")).count(), 50);
}

#[test]
fn levels_move_without_a_step_and_settle_in_50_ms() {
    let folder = ScoreFolder::new();
    let sound = folder.render("0 /deck_levels 0\n0.2 /play A plateau.wav\n1 /deck_levels 1\n2 /deck_levels 0.25");
    let largest = sound[..frame(4.0)].windows(2).map(|w| (w[1] - w[0]).abs()).fold(0.0, f32::max);
    assert!(largest < 0.01, "{largest}");
    assert!(sound[frame(1.0) + 1] > 0.0 && sound[frame(1.0) - 1] == 0.0);
    assert!((sound[frame(1.05) + 1] - 0.5).abs() < 1e-6 && sound[frame(1.04)] < 0.45);
    assert!((sound[frame(2.06)] - 0.125).abs() < 1e-6);
}

#[test]
fn a_kill_is_deep_and_fifty_percent_is_a_bypass() {
    let folder = ScoreFolder::new();
    let tone: Vec<i16> = (0..2 * RATE)
        .map(|n| (8_000.0 * (n as f64 * 50.0 * std::f64::consts::TAU / RATE as f64).sin()) as i16)
        .collect();
    write_wav(&folder.file("hum.wav"), &tone);
    let bypassed = folder.render("0 /deck_eq_all A 50 50 50\n0 /play A hum.wav");
    assert!(bypassed.iter().zip(&tone).all(|(out, file)| *out == f32::from(*file) / 32_768.0));
    let killed = folder.render("0 /play A hum.wav\n0.5 /deck_eq A low 0");
    let peak = |span: &[f32]| span.iter().fold(0.0_f32, |peak, x| peak.max(x.abs()));
    let decibels = 20.0 * (peak(&killed[frame(1.0)..frame(1.9)]) / peak(&killed[..frame(0.5)])).log10();
    assert!(decibels < -40.0, "{decibels} dB");
}

#[test]
fn tempo_changes_speed_against_the_base() {
    let folder = ScoreFolder::new();
    let (mut two, second) = (vec![1_i16; 3 * RATE as usize], RATE as usize);
    (two[0], two[second], two[2 * second]) = (16_384, 16_384, 16_384);
    write_wav(&folder.file("beats.wav"), &two);
    // 100 BPM at a base tempo of 80 is a rate of 1.25: a second becomes 35,280 frames. The interpolator spreads a click
    // a little.
    let sound = folder.render_with("0 /set_tempo 100\n0 /play A beats.wav", &["--bpm", "80"]);
    let peaks: Vec<usize> = [1, 2]
        .map(|n| {
            let around = n * 35_280 - 50..n * 35_280 + 50;
            let best = around.clone().max_by(|a, b| sound[*a].total_cmp(&sound[*b])).unwrap();
            assert!(sound[best] > 0.3);
            best
        })
        .into();
    assert_eq!(peaks, [35_280, 70_560]);
}

#[test]
fn a_render_has_the_given_length_or_ends_with_silence() {
    let folder = ScoreFolder::new();
    assert_eq!(folder.render_with("0 /play A plateau.wav", &["--seconds", "1.5"]).len(), 66_150);
    assert_eq!(folder.render_with("", &["--seconds", "0.25"]).len(), 11_025);
    let output = folder.program("0 /reset\n2 /reset\n3 /reset", &["--seconds", "1"]).assert().success();
    assert!(String::from_utf8_lossy(&output.get_output().stderr).contains("2 lines of the score are after the end"));
    let ended = folder.render("0 /play A plateau.wav 1");
    assert!((frame(5.0)..frame(5.3)).contains(&ended.len()), "{}", ended.len());
    assert!(ended[ended.len() - 1_000..].iter().all(|x| *x == 0.0));
    let looped = folder.render("0 /load_buffer 100 click.wav\n1 /play_stem 100");
    assert_eq!(looped.len(), frame(11.0));
    assert_eq!(clicks(&looped).len(), 10);
}

#[test]
fn another_sample_rate_is_rendered_at() {
    let folder = ScoreFolder::new();
    folder.program("0 /play A click.wav 0.5", &["--sample-rate", "48000"]).assert().success();
    let info = crowd_media::probe(&folder.file("out.wav")).unwrap();
    assert_eq!((info.sample_rate, info.channels), (48_000, 2));
    let sound = read_wav(&folder.file("out.wav"));
    let loudest = (0..sound.len()).max_by(|a, b| sound[*a].total_cmp(&sound[*b])).unwrap();
    assert_eq!(loudest, 24_000);
}

#[test]
fn files_of_the_command_line_start_in_the_same_sample() {
    let folder = ScoreFolder::new();
    let args = ["--a", "click.wav", "--b", "plateau.wav", "--c_preload", "click.wav", "--c_at", "0.5", "--vol", "0.5"];
    let sound = folder.render_with("", &[&args[..], &["--levels", "1", "0.5", "1", "1", "--seconds", "0.9"]].concat());
    // The click of A, and the plateau of B at half its gain, in frame 0.
    assert!((sound[0] - 0.375).abs() < 1e-6, "{}", sound[0]);
    assert!((sound[frame(0.2)] - 0.125).abs() < 1e-3);
    assert!((sound[frame(0.5)] - 0.375).abs() < 1e-3);
}

#[test]
fn a_failed_render_leaves_no_file_and_prints_the_reason() {
    let folder = ScoreFolder::new();
    for (score, args, code, expected) in [
        ("0 /a\nsoon /b", vec![], 1, "line 2: \"soon\" is not a time"),
        ("0 /reset", vec!["--output", "null"], 2, "cannot be used with"),
        ("0 /reset", vec!["--media-root", "/no/such/folder"], 1, "--media-root /no/such/folder"),
        ("0 /reset", vec!["--bpm-config", "missing.json"], 1, "--bpm-config missing.json"),
        ("0 /reset", vec!["--b", "missing.wav"], 1, "--b: missing.wav: No such file"),
        ("0 /reset", vec!["--bpm-config", "."], 1, "--bpm-config ."),
    ] {
        let output = folder.program(score, &args).assert().code(code);
        let log = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
        assert!(log.contains(expected), "{log}");
        assert!(!folder.file("out.wav").exists());
    }
    let mut command = Command::cargo_bin("audio-server").unwrap();
    command.args(["--score", "/no/such/score", "--render", "x.wav"]).assert().code(1);
    let mut command = folder.program("0 /reset", &[]);
    command.args(["--seconds", "1", "--render", "/no/such/folder/x.wav"]).assert().failure();
}

#[test]
fn the_movement_table_of_a_file_is_used() {
    let folder = ScoreFolder::new();
    let table =
        r#"{"movement_bpm": {"bpm_targets": {"very_very_low": 60}, "smoothing": {"transition_time_seconds": 0.1}}}"#;
    fs::write(folder.file("bpm_config.json"), table).unwrap();
    // The tempo goes from 120 to 60 BPM within a tenth of a second, so one second becomes nearly two.
    let sound = folder.render("0 /dance/total_movement 0\n0 /load_buffer 100 click.wav\n2 /play_stem 100 1 1 0");
    assert!((frame(4.0)..frame(4.4)).contains(&sound.len()), "{}", sound.len());
}

#[test]
fn a_movement_table_that_cannot_be_used_is_reported() {
    let folder = ScoreFolder::new();
    fs::write(folder.file("bpm_config.json"), "{").unwrap();
    let output = folder.program("0 /set_tempo 118", &["--seconds", "1"]).assert().success();
    let log = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
    assert!(log.contains("bpm_config.json: not JSON") && log.contains("the default movement table is used"), "{log}");
    assert!(!log.contains("table read"), "{log}");
}

#[test]
fn a_file_over_the_memory_limit_is_streamed_and_the_score_gives_the_same_bytes() {
    let folder = ScoreFolder::new();
    let mut state = 1_u32;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 18) as i16
    };
    let long: Vec<i16> = (0..40 * RATE).map(|_| noise()).collect();
    write_wav(&folder.file("long.wav"), &long);
    let score = "0 /cue A long.wav 0.5\n0 /cue B long.wav\n0.1 /set_tempo 126\n0.2 /start_group 0.5 A B\n\
                 1 /deck/seek B 30\n2 /deck/loop A 1 1.3\n3 /play_stem 100 1 1 0 0.9";
    let loaded = folder.render_with(score, &["--seconds", "5"]);
    let streamed = folder.program(score, &["--seconds", "5", "--memory-limit", "1"]).assert().success();
    let log = String::from_utf8_lossy(&streamed.get_output().stderr).into_owned()
        + &String::from_utf8_lossy(&streamed.get_output().stdout);
    assert!(log.contains("over 1 MiB in memory, streamed from disk"), "{log}");
    assert!(loaded == read_wav(&folder.file("out.wav")));
    assert!(loaded.iter().filter(|x| **x != 0.0).count() > 2 * RATE as usize);
}

#[test]
fn a_score_with_a_file_that_was_cut_off_is_rendered_with_exit_status_4() {
    let folder = ScoreFolder::new();
    let bytes = fs::read(folder.file("plateau.wav")).unwrap();
    fs::write(folder.file("cut.wav"), &bytes[..bytes.len() - 4 * RATE as usize]).unwrap();
    let done = folder.program("0 /cue A cut.wav\n0 /start_group 0.5 A\n", &[]).assert().code(4);
    let log = String::from_utf8_lossy(&done.get_output().stderr).into_owned();
    assert!(log.contains("cut.wav") && log.contains("132300 of 176400 frames"), "{log}");
    let sound = read_wav(&folder.file("out.wav"));
    // It ends with sound, which is faded out after the end.
    let level = *sound.iter().find(|x| **x > 0.4).unwrap();
    assert_eq!(sound.iter().filter(|x| **x == level).count(), 3 * RATE as usize);
    folder.program("0 /cue A plateau.wav\n0 /start_group 0.5 A\n", &[]).assert().success();
}
