//! Shared by the examples of crowd-engine.
