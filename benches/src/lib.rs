//! Shared by the benches of crowd-engine.
