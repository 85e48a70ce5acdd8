//! What is chosen by its name.

/// The one of `all` that is called `text`; else what is wrong, in words: `what` it was to be, and which names there are.
pub fn named<T: Copy, const N: usize>(
    what: &str,
    text: &str,
    all: [T; N],
    name: impl Fn(T) -> &'static str,
) -> Result<T, String> {
    let names = || all.map(&name).join(", ");
    let found = all.into_iter().find(|one| name(*one) == text);
    found.ok_or_else(|| format!("{what} \"{}\": give one of {}", text.escape_debug(), names()))
}
