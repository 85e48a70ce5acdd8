//! The sequence number of a name does not go back when the process is killed.
#![allow(clippy::unwrap_used, missing_docs)]

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use crowd_ipfs::{FileDag, IpnsKey, IpnsPublisher, IpnsTimes, Profile};

const FOLDER: &str = "CROWD_IPFS_TEST_FOLDER";
const KILLS: u64 = 40;

fn publisher(folder: &Path) -> IpnsPublisher {
    let key = IpnsKey::open_or_create(&folder.join("ipns.key")).unwrap();
    IpnsPublisher::open(&folder.join("ipns.json"), key, IpnsTimes::default()).unwrap()
}

#[test]
#[ignore = "run by a_killed_process..., as the process that is killed"]
fn publish_until_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let mut publisher = publisher(Path::new(&folder));
    let value = format!("/ipfs/{}", FileDag::of_bytes(b"a", Profile::V1).unwrap().root());
    loop {
        let sequence = publisher.publish(&value, SystemTime::now()).unwrap().sequence();
        let mut output = std::io::stdout();
        // The beginning of the line is from the program that runs tests.
        writeln!(output, "\nsequence {sequence}").unwrap();
        output.flush().unwrap();
    }
}

#[test]
fn a_killed_process_has_saved_every_record_that_it_gave_out() {
    let folder = tempfile::tempdir().unwrap();
    let name = publisher(folder.path()).name();
    let mut last = 0;
    for number in 0..KILLS {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "--nocapture", "publish_until_killed"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut sequences = std::iter::from_fn(|| lines.next()?.ok())
            .filter_map(|line| line.strip_prefix("sequence ")?.parse::<u64>().ok());
        let first = sequences.next().unwrap();
        assert!(first > last, "{first} after {last}");
        // At another moment of the loop each time.
        std::thread::sleep(Duration::from_micros(number * 7919 % 20_000));
        process.kill().unwrap();
        process.wait().unwrap();
        last = sequences.last().unwrap_or(first);
        let publisher = publisher(folder.path());
        assert!(publisher.state_fault().is_none());
        assert_eq!(publisher.name(), name);
        let saved = publisher.last().unwrap().sequence();
        // It may have saved one that it had no time to give out.
        assert!(saved == last || saved == last + 1, "{saved} is saved, {last} was given out");
        last = saved;
    }
}
