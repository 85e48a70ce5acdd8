//! (opening lines)
