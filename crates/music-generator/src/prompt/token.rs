//! Text to words: one spelling for each word, and the places where a clause ends.

use unicode_normalization::UnicodeNormalization;

/// A word, a run of Japanese characters, or the end of a clause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    /// The word in the spelling of the vocabulary: lower case, without accents.
    pub(super) word: String,
    /// The word as it is written, after Unicode normalisation.
    pub(super) written: String,
    /// What it is.
    pub(super) kind: TokenKind,
    /// The sign that joins it to the word before: `-` in "lo-fi", `/` in "3/4".
    pub(super) joint: Option<char>,
}

/// What a [`Token`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// A word between spaces.
    Word,
    /// A run of Japanese characters, which has no spaces between its words.
    Japanese,
    /// The end of a clause: a comma, a full stop, a line break.
    Break,
    /// A hyphen in front of a word, which negates it: "-drums".
    Minus,
}

/// Whether the character is Japanese: kana, a Chinese character, or one of the signs that go with them.
pub(super) const fn is_japanese(c: char) -> bool {
    matches!(c, '\u{3005}'..='\u{3007}' | '\u{3041}'..='\u{309c}' | '\u{309d}'..='\u{30fa}' | '\u{30fc}'..='\u{30ff}'
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}')
}

/// Whether the character belongs to a word. The virama and the other signs of Devanagari are no letters, but parts of words.
fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '\u{0900}'..='\u{0963}' | '\u{0300}'..='\u{036f}' | '#' | '♯' | '♭')
}

/// Whether the character is invisible and means nothing: zero-width characters and marks of the direction of writing.
const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{00ad}' | '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

/// Whether the character ends a clause.
const fn is_break(c: char) -> bool {
    matches!(
        c,
        ',' | ';'
            | '.'
            | ':'
            | '!'
            | '?'
            | '|'
            | '\n'
            | '\r'
            | '('
            | ')'
            | '['
            | ']'
            | '{'
            | '}'
            | '"'
            | '、'
            | '。'
            | '・'
            | '।'
            | '॥'
            | '؛'
            | '،'
            | '…'
            | '–'
            | '—'
            | '¡'
            | '¿'
    )
}

/// The one spelling of a word: lower case, without accents on Latin letters, without the dots and the nasal signs of Devanagari that
/// writers leave out.
fn spelling(word: &str) -> String {
    word.chars()
        .flat_map(char::to_lowercase)
        .nfd()
        .filter(|c| !matches!(c, '\u{0300}'..='\u{036f}' | '\u{093c}'))
        .map(|c| match c {
            '\u{0901}' => '\u{0902}',
            '♯' => '#',
            '♭' => 'b',
            other => other,
        })
        .nfc()
        .collect()
}

/// Splits a text into words.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let characters: Vec<char> = text.nfkc().filter(|c| !is_invisible(*c)).collect();
    let mut found = Vec::new();
    let mut joint = None;
    let mut at = 0;
    while let Some(&c) = characters.get(at) {
        let before = at.checked_sub(1).and_then(|index| characters.get(index)).copied().unwrap_or(' ');
        let after = characters.get(at + 1).copied().unwrap_or(' ');
        if is_japanese(c) || is_word(c) {
            let japanese = is_japanese(c);
            let start = at;
            while let Some(&next) = characters.get(at) {
                let next_after = characters.get(at + 1).copied().unwrap_or(' ');
                let point = next == '.' && before_is_digit(&characters, at) && next_after.is_ascii_digit();
                let apostrophe = matches!(next, '\'' | '’' | '`') && next_after.is_alphabetic();
                let part = if japanese {
                    is_japanese(next)
                } else {
                    (is_word(next) && !is_japanese(next)) || point || apostrophe
                };
                if !part {
                    break;
                }
                at += 1;
            }
            let written: String = characters[start..at].iter().collect();
            let plain: String = written.chars().filter(|c| !matches!(c, '\'' | '’' | '`')).collect();
            let kind = if japanese { TokenKind::Japanese } else { TokenKind::Word };
            found.push(Token { word: spelling(&plain), written, kind, joint: joint.take() });
            continue;
        }
        joint = None;
        match c {
            '-' | '−' | '‐' | '‑' if is_word(before) && is_word(after) => joint = Some('-'),
            '-' | '−' | '‐' | '‑' if is_word(after) || is_japanese(after) => {
                found.push(sign(TokenKind::Minus, "-"))
            }
            '/' | '&' | '+' if is_word(before) && is_word(after) => joint = Some(c),
            c if is_break(c) => found.push(sign(TokenKind::Break, "")),
            _ => {}
        }
        at += 1;
    }
    found
}

/// Whether the character before `at` is a digit.
fn before_is_digit(characters: &[char], at: usize) -> bool {
    at.checked_sub(1).and_then(|index| characters.get(index)).is_some_and(char::is_ascii_digit)
}

fn sign(kind: TokenKind, written: &str) -> Token {
    Token { word: String::new(), written: written.to_owned(), kind, joint: None }
}

/// The key of a word or of a phrase in the vocabulary: its words with single spaces.
pub(super) fn key(text: &str) -> String {
    let words: Vec<String> = tokens(text).into_iter().map(|token| token.word).filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        tokens(text)
            .into_iter()
            .map(|token| if token.kind == TokenKind::Break { "|".to_owned() } else { token.word })
            .collect()
    }

    #[test]
    fn a_word_has_one_spelling() {
        assert_eq!(
            words("  Lo-Fi,\u{200f} RÁPIDO  don't 87.5 bpm."),
            ["lo", "fi", "|", "rapido", "dont", "87.5", "bpm", "|"]
        );
        assert_eq!(key("Music-Box"), "music box");
        assert_eq!(key("ｒａｉｎ"), "rain");
        assert_eq!(key("चाँद"), key("चांद"));
        assert_eq!(words("静かな雨の夜、ピアノ"), ["静かな雨の夜", "|", "ピアノ"]);
        assert_eq!(words("F♯m C# B♭"), ["f#m", "c#", "bb"]);
    }

    #[test]
    fn signs_and_controls_are_no_words() {
        assert!(words("\0\u{1}🎹 ~^ ☂").is_empty());
        assert_eq!(tokens("-drums")[0].kind, TokenKind::Minus);
        assert_eq!(tokens("lo-fi")[1].joint, Some('-'));
        assert_eq!(tokens("3/4")[1].joint, Some('/'));
    }
}
