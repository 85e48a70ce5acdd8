//! Processes whose time of day is wrong.

use std::path::Path;
use std::process::Command;

/// A library that sets the time of day of a process wrong by `CLOCK_OFFSET_MS`.
const CLOCK: &str = r#"
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
int clock_gettime(clockid_t id, struct timespec *time) {
    int result = syscall(SYS_clock_gettime, id, time);
    const char *text = getenv("CLOCK_OFFSET_MS");
    if (result == 0 && id == CLOCK_REALTIME && text) {
        long long all = time->tv_sec * 1000000000LL + time->tv_nsec + atoll(text) * 1000000LL;
        time->tv_sec = all / 1000000000LL;
        time->tv_nsec = all % 1000000000LL;
    }
    return result;
}
"#;

/// The same command with another time of day. `folder` gets what is needed for that.
pub fn with_wrong_clock(mut command: Command, folder: &Path, milliseconds: i64) -> Command {
    let (source, library) = (folder.join("clock.c"), folder.join("clock.so"));
    std::fs::write(&source, CLOCK).unwrap();
    let compiled = Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&library).arg(&source).status();
    assert!(compiled.expect("a C compiler is needed").success());
    command.env("LD_PRELOAD", &library).env("CLOCK_OFFSET_MS", milliseconds.to_string());
    command
}
