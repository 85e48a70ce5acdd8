//! Input from others is answered or refused, and nothing else.
#![allow(clippy::unwrap_used, missing_docs)]

use std::time::SystemTime;

use crowd_ipfs::{BlockIndex, Directory, FileDag, Gateway, IpnsKey, IpnsRecord, IpnsTimes, Profile, Request, Source};
use proptest::prelude::*;

fn gateway() -> (Gateway, Vec<String>) {
    let dag = FileDag::of_bytes(b"a", Profile::V1).unwrap();
    let directory = Directory::new([("a.ts".to_owned(), dag.link())], Profile::V1).unwrap();
    let key = IpnsKey::generate();
    let (file, root, name) = (dag.root().to_string(), directory.root().to_string(), key.name().to_string());
    let mut index = BlockIndex::default();
    index.insert_file("a.ts", dag, Source::Bytes(b"a".as_slice().into())).unwrap();
    index.insert_directory(directory).unwrap();
    let mut gateway = Gateway::new(index, key.name(), Vec::new());
    let record = IpnsRecord::sign(&key, &format!("/ipfs/{root}"), 1, IpnsTimes::default(), SystemTime::now()).unwrap();
    gateway.set_record(key.name(), record).unwrap();
    (gateway, vec![file, root, name, "a.ts".to_owned()])
}

fn word() -> impl Strategy<Value = String> {
    let known = [
        "ipfs",
        "ipns",
        "routing",
        "v1",
        "providers",
        "peers",
        "?format=raw",
        "?format=car",
        "&dag-scope=all",
        "..",
        "%2f",
        "bafkqaaa",
    ];
    prop_oneof![
        proptest::sample::select(known.map(str::to_owned).to_vec()),
        (0..4_usize).prop_map(|known| format!("#{known}")),
        ".{0,12}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_request_is_answered(words in prop::collection::vec(word(), 0..7), accept in proptest::option::of(".{0,40}")) {
        let (gateway, known) = gateway();
        let mut target = format!("/{}", words.join("/")).replace("/?", "?").replace("/&", "&");
        for (number, text) in known.iter().enumerate() {
            target = target.replace(&format!("#{number}"), text);
        }
        let request = Request { target: &target, accept: accept.as_deref(), if_none_match: accept.as_deref() };
        let response = gateway.respond(&request);
        prop_assert!([200, 304, 400, 404, 406].contains(&response.status), "{target}: {}", response.status);
        prop_assert!(response.headers.iter().all(|(_, value)| !value.bytes().any(|byte| byte.is_ascii_control())), "{target}");
        prop_assert_eq!(response.headers.iter().filter(|(name, _)| *name == "Cache-Control").count(), 1);
        prop_assert_eq!(response.body.read().unwrap().len() as u64, response.body.size());
    }

    #[test]
    fn bytes_that_are_no_record_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let valid = IpnsRecord::parse(&bytes).and_then(|record| record.verify(&IpnsKey::generate().name()));
        prop_assert!(valid.is_err());
    }
}
