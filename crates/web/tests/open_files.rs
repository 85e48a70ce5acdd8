//! The limit of open files, in a process of its own.
#![allow(clippy::unwrap_used, reason = "a test")]

use crowd_web::open_files::{TooFewOpenFiles, raise_limit};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

#[test]
fn the_limit_of_open_files_is_raised_as_far_as_permitted_and_a_lower_one_is_an_error() {
    setrlimit(Resource::Nofile, Rlimit { current: Some(100), maximum: Some(400) }).unwrap();
    assert_eq!(raise_limit(90), Ok(()));
    assert_eq!(getrlimit(Resource::Nofile).current, Some(100), "a limit that is high enough stays");
    assert_eq!(raise_limit(300), Ok(()));
    assert_eq!(getrlimit(Resource::Nofile).current, Some(300));
    let error = raise_limit(1_000).unwrap_err();
    assert_eq!(error, TooFewOpenFiles { needed: 1_000, allowed: 400 });
    assert!(error.to_string().contains("1000 files") && error.to_string().contains("LimitNOFILE"), "{error}");
    assert_eq!(getrlimit(Resource::Nofile).current, Some(400));
}
