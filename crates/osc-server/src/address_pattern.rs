//! OSC 1.0 address patterns: `/deck_lev*`, `/deck_?q`, `/dance/{arm,leg}_movement`, `[a-d]`, `[!x]`.
//!
//! The matcher of the crate rosc is not used, because it differs from OSC 1.0: `*` at the end does not match the empty
//! string, `[ab]` matches several characters, and after the first choice of `{a,ab}` the second is not tried. The matcher
//! here goes through the pattern once. It keeps the set of positions in the address that the pattern can have reached, as
//! the bits of one word. There is no backtracking, so the cost grows only with the length of the pattern.

/// The longest address that can be matched, in bytes.
pub const MAX_ADDRESS: usize = 63;

/// Whether `address` contains a wildcard.
#[must_use]
pub fn is_pattern(address: &str) -> bool {
    address.bytes().any(|b| matches!(b, b'*' | b'?' | b'[' | b'{'))
}

/// Whether `pattern` matches the whole of `address`. No wildcard matches a `/`.
///
/// A pattern with an unclosed `[` or `{` matches nothing.
#[must_use]
pub fn matches(pattern: &str, address: &str) -> bool {
    let address = address.as_bytes();
    if address.len() > MAX_ADDRESS {
        return false;
    }
    let mut pattern = pattern.as_bytes();
    // Bit i is set if the pattern up to here matches the first i bytes of the address.
    let mut reached = 1_u64;
    while let Some((first, rest)) = pattern.split_first() {
        (reached, pattern) = match first {
            b'*' => (match_run(reached, address), rest),
            b'?' => (match_byte(reached, address, |b| b != b'/'), rest),
            b'[' => match split_at_byte(rest, b']') {
                Some((members, rest)) => {
                    (match_byte(reached, address, |b| b != b'/' && class_contains(members, b)), rest)
                }
                None => return false,
            },
            b'{' => match split_at_byte(rest, b'}') {
                Some((words, rest)) => (match_word(reached, address, words), rest),
                None => return false,
            },
            literal => (match_byte(reached, address, |b| b == *literal), rest),
        };
        if reached == 0 {
            return false;
        }
    }
    reached >> address.len() & 1 == 1
}

/// Matches one more byte, for which `fits` returns true.
fn match_byte(reached: u64, address: &[u8], fits: impl Fn(u8) -> bool) -> u64 {
    address.iter().enumerate().filter(|(i, b)| reached >> i & 1 == 1 && fits(**b)).fold(0, |set, (i, _)| set | 2 << i)
}

/// Matches any number of further bytes up to the next `/`.
fn match_run(reached: u64, address: &[u8]) -> u64 {
    address
        .iter()
        .enumerate()
        .fold(reached, |set, (i, b)| if *b != b'/' && set >> i & 1 == 1 { set | 2 << i } else { set })
}

/// Matches any one of the comma-separated words.
fn match_word(reached: u64, address: &[u8], words: &[u8]) -> u64 {
    words
        .split(|b| *b == b',')
        .map(|word| word.iter().fold(reached, |set, letter| match_byte(set, address, |b| b == *letter)))
        .fold(0, |all, set| all | set)
}

fn split_at_byte(bytes: &[u8], end: u8) -> Option<(&[u8], &[u8])> {
    let at = bytes.iter().position(|b| *b == end)?;
    Some((bytes.get(..at)?, bytes.get(at + 1..)?))
}

/// Whether a class such as `a-d_` contains `byte`. A class that begins with `!` contains all bytes that are not listed. A
/// minus at either end stands for itself.
fn class_contains(members: &[u8], byte: u8) -> bool {
    let (negated, mut rest) = match members.split_first() {
        Some((b'!', rest)) => (true, rest),
        _ => (false, members),
    };
    let mut found = false;
    loop {
        rest = match rest {
            [low, b'-', high, rest @ ..] => {
                found |= (*low..=*high).contains(&byte);
                rest
            }
            [member, rest @ ..] => {
                found |= *member == byte;
                rest
            }
            [] => return found != negated,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_osc_1_0() {
        for (pattern, address, expected) in [
            ("/deck_lev*", "/deck_levels", true),
            ("/deck_levels*", "/deck_levels", true),
            ("/*", "/deck_levels", true),
            ("/*", "/dance/total_movement", false),
            ("/*/*", "/dance/total_movement", true),
            ("/dance/*_movement", "/dance/total_movement", true),
            ("/d*_*s", "/deck_levels", true),
            ("/deck_e?", "/deck_eq", true),
            ("/deck_e?", "/deck_e", false),
            ("/deck?eq", "/deck/eq", false),
            ("/{cue,play}", "/play", true),
            ("/{play,play_stem}", "/play_stem", true),
            ("/{p,pl}ay", "/play", true),
            ("/{cue,play}", "/fade", false),
            ("/deck_[a-f]q", "/deck_eq", true),
            ("/deck_[!a-d]q", "/deck_eq", true),
            ("/deck_[!e]q", "/deck_eq", false),
            ("/deck[_-]eq", "/deck_eq", true),
            ("/deck_[eq]", "/deck_eq", false),
            ("/deck[]", "/deck", false),
            ("/deck_eq", "/deck_eq", true),
            ("/deck_eq", "/deck_eq_all", false),
            ("/deck_{eq", "/deck_eq", false),
            ("/deck_[e", "/deck_e", false),
            ("", "/deck_eq", false),
        ] {
            assert_eq!(matches(pattern, address), expected, "{pattern} on {address}");
        }
    }

    #[test]
    fn the_cost_of_a_pattern_of_stars_is_linear() {
        let pattern = format!("/{}b", "*a".repeat(4000));
        let address = format!("/{}", "a".repeat(62));
        // Backtracking would take 2^60 steps.
        assert!(!matches(&pattern, &address));
    }

    proptest::proptest! {
        #[test]
        fn no_pattern_panics(pattern in "\\PC{0,40}", address in "/\\PC{0,30}") {
            let _ = matches(&pattern, &address);
        }

        #[test]
        fn plain_addresses_match_only_themselves(a in "/[a-z_]{0,20}", b in "/[a-z_]{0,20}") {
            proptest::prop_assert!(matches(&a, &a));
            proptest::prop_assert_eq!(matches(&a, &b), a == b);
        }
    }
}
