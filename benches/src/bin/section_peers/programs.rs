//! Other programs, used as in a DJ's script: it cuts an excerpt and changes its tempo, several excerpts at once.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::Excerpt;

/// A program that cuts an excerpt and changes its tempo.
pub struct Program {
    pub name: &'static str,
    /// Commands, one after the other: `{audio}` is the track, `{from}` and `{until}` are seconds, `{orig}` and `{excerpt}` the files
    /// to write, `{speed}` is 1.083 for 8.3 % faster.
    steps: &'static [&'static str],
    /// The Debian packages that have it.
    pub packages: &'static str,
}

const FFMPEG_CUT: &str = "ffmpeg -v error -nostdin -y -ss {from} -to {until} -i {audio} {orig}";

impl Program {
    pub const ALL: [Self; 4] = [
        Self {
            name: "ffmpeg `atempo`",
            steps: &[
                "ffmpeg -v error -nostdin -y -ss {from} -to {until} -i {audio} {orig} -af atempo={speed} {excerpt}",
            ],
            packages: "ffmpeg",
        },
        Self {
            name: "`sox tempo -m`",
            steps: &["sox -D {audio} {orig} trim {from} ={until}", "sox -D {orig} {excerpt} tempo -m {speed}"],
            packages: "sox",
        },
        Self {
            name: "Rubber Band R2",
            steps: &[FFMPEG_CUT, "rubberband -q -2 -T{speed} {orig} {excerpt}"],
            packages: "ffmpeg rubberband-cli",
        },
        Self {
            name: "Rubber Band R3",
            steps: &[FFMPEG_CUT, "rubberband -q -3 -T{speed} {orig} {excerpt}"],
            packages: "ffmpeg rubberband-cli",
        },
    ];

    pub fn is_installed(&self) -> bool {
        let there = |step: &&str| {
            let program = step.split(' ').next().unwrap_or_default();
            let found = Command::new("sh").args(["-c", "command -v \"$0\"", program]).stdout(Stdio::null()).status();
            found.is_ok_and(|status| status.success())
        };
        self.steps.iter().all(there)
    }

    /// Cuts the excerpts into `folder`, as many at once as there are processors. Returns the files.
    pub fn cut_all(&self, excerpts: &[Excerpt], folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
        std::fs::create_dir_all(folder.join("orig"))?;
        let files: Vec<_> = (0..excerpts.len()).map(|nth| folder.join(format!("{nth}.wav"))).collect();
        let (next, failed) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
        let work = || {
            while let nth = next.fetch_add(1, Ordering::Relaxed)
                && let (Some(excerpt), Some(file)) = (excerpts.get(nth), files.get(nth))
            {
                let original = folder.join("orig").join(format!("{nth}.wav"));
                if let Err(error) = self.cut(excerpt, &original, file)
                    && let Ok(mut failed) = failed.lock()
                {
                    failed.push(error);
                }
            }
        };
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        std::thread::scope(|scope| (0..processors).for_each(|_| _ = scope.spawn(work)));
        match failed.into_inner() {
            Ok(failed) if failed.is_empty() => Ok(files),
            Ok(failed) => Err(failed.join("; ").into()),
            Err(error) => Err(error.to_string().into()),
        }
    }

    fn cut(&self, excerpt: &Excerpt, original: &Path, file: &Path) -> Result<(), String> {
        let fill = |word: &str| {
            let word = word.replace("{audio}", &excerpt.audio.to_string_lossy());
            let word =
                word.replace("{orig}", &original.to_string_lossy()).replace("{excerpt}", &file.to_string_lossy());
            let word =
                word.replace("{from}", &excerpt.ini_cue.to_string()).replace("{until}", &excerpt.end_cue.to_string());
            word.replace("{speed}", &format!("{:.9}", excerpt.speed()))
        };
        for step in self.steps {
            let mut words = step.split(' ').map(fill);
            let program = words.next().unwrap_or_default();
            let out = Command::new(&program).args(words).output().map_err(|error| format!("{program}: {error}"))?;
            if !out.status.success() {
                return Err(format!("{program}: {} ({})", String::from_utf8_lossy(&out.stderr).trim(), out.status));
            }
        }
        Ok(())
    }
}
