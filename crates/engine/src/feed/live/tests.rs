//! Tests of live inputs without an engine.
