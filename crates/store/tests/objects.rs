//! The promises of named objects in a bucket, with moto's S3 server on this machine.
#![cfg(feature = "s3")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests are tests")]

mod moto;

use std::process::Command;
use std::time::{Duration, Instant};
use std::{env, thread};

use crowd_store::s3::{ObjectHeaders, Objects, PutIf};
use moto::{Server, run, with_credentials};

const HEADERS: ObjectHeaders = ObjectHeaders { media_type: "text/plain", cache: "no-store" };

/// The objects of a server. If this process has no credentials, runs the test of this name in one that has, after `change`.
fn objects(test: &str, change: impl FnOnce(&mut Command)) -> Option<Objects> {
    if env::var_os("OBJECTS_TEST").is_some() {
        return Some(Objects::open("s3://chunks/some/prefix").unwrap());
    }
    let server = Server::start();
    let mut this = with_credentials();
    this.env("OBJECTS_TEST", "").env("AWS_ENDPOINT_URL", server.endpoint());
    change(&mut this);
    run(this, test);
    None
}

#[test]
fn an_object_is_put_only_on_its_condition_and_whoever_is_first_decides() {
    let test = "an_object_is_put_only_on_its_condition_and_whoever_is_first_decides";
    let Some(objects) = objects(test, |_| ()) else { return };
    assert!(objects.get("a/1").unwrap().is_none());
    // Of several at the same time one is first.
    let first: Vec<bool> = thread::scope(|scope| {
        let objects = &objects;
        let puts = (0..4_u8).map(|by| scope.spawn(move || objects.put("a/1", &[by], HEADERS, PutIf::Absent).unwrap()));
        let puts: Vec<_> = puts.collect();
        puts.into_iter().map(|put| put.join().unwrap()).collect()
    });
    assert_eq!(first.iter().filter(|is_first| **is_first).count(), 1, "{first:?}");
    let object = objects.get("a/1").unwrap().unwrap();
    assert_eq!(usize::from(object.bytes[0]), first.iter().position(|is_first| *is_first).unwrap());
    // An object that has changed is not replaced.
    let version = object.version.unwrap();
    assert!(objects.put("a/1", b"new", HEADERS, PutIf::Unchanged(version.clone())).unwrap());
    assert!(!objects.put("a/1", b"old", HEADERS, PutIf::Unchanged(version)).unwrap());
    assert_eq!(objects.get("a/1").unwrap().unwrap().bytes, b"new");
    assert!(
        objects.put("a/2", b"", HEADERS, PutIf::Always).unwrap()
            && objects.put("b", b"", HEADERS, PutIf::Always).unwrap()
    );
    assert_eq!(objects.list("a").unwrap(), ["1", "2"]);
    objects.delete("a/1").unwrap();
    objects.delete("a/1").unwrap();
    assert_eq!(objects.list("a").unwrap(), ["2"]);
}

#[test]
fn without_credentials_nothing_is_opened() {
    let Some(_) = objects("without_credentials_nothing_is_opened", |_| ()) else { return };
    let this = || {
        let mut this = with_credentials();
        this.env("OBJECTS_TEST", "").env("AWS_ENDPOINT_URL", "http://127.0.0.1:9");
        this.args(["open_and_print_the_error", "--exact", "--ignored", "--nocapture"]);
        this
    };
    let printed = |command: &mut Command| String::from_utf8(command.output().unwrap().stdout).unwrap();
    let expected = "cannot use the object store s3://chunks: there are no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";
    assert!(printed(this().env_remove("AWS_SECRET_ACCESS_KEY")).contains(expected));
    assert!(printed(this().env("AWS_ACCESS_KEY_ID", "")).contains(expected));
    assert!(printed(&mut this()).contains("it is opened"));
}

#[test]
#[ignore = "run by without_credentials_nothing_is_opened"]
fn open_and_print_the_error() {
    println!("{}", Objects::open("s3://chunks").err().map_or("it is opened".to_owned(), |error| error.to_string()));
}

#[test]
fn a_server_that_does_not_answer_is_given_up_in_time() {
    let test = "a_server_that_does_not_answer_is_given_up_in_time";
    // The system accepts connections to this port, and nothing reads from them.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", silent.local_addr().unwrap());
    let Some(objects) = objects(test, |this| _ = this.env("AWS_ENDPOINT_URL", address)) else { return };
    for request in [
        Box::new(|| objects.get("a").map(drop)) as Box<dyn Fn() -> _>,
        Box::new(|| objects.put("a", b"", HEADERS, PutIf::Absent).map(drop)),
        Box::new(|| objects.delete("a")),
    ] {
        let start = Instant::now();
        let error = request().unwrap_err().to_string();
        assert!(error.contains("s3://chunks/some/prefix/a: no response within 2 s"), "{error}");
        assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    }
}
