//! Values that are chosen by name.

/// Returns the value of `all` whose name is `text`. Otherwise the error contains `what`, the name of the choice, and lists the names of all
/// values.
pub fn parse_choice<T: Copy, const N: usize>(
    what: &str,
    text: &str,
    all: [T; N],
    name: impl Fn(T) -> &'static str,
) -> Result<T, String> {
    let names = || all.map(&name).join(", ");
    let found = all.into_iter().find(|value| name(*value) == text);
    found.ok_or_else(|| format!("{what} \"{}\": give one of {}", text.escape_debug(), names()))
}
