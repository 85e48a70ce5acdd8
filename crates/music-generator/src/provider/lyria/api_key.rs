//! The key of the service.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::provider::ProviderError;

/// The numbers of characters of a key.
const LENGTHS: std::ops::RangeInclusive<usize> = 8..=1_024;

/// The key of the service. It is sent in a header, and in no message of this program: `Debug` hides it, and texts of the service that
/// quote it are changed.
#[derive(Clone)]
pub struct ApiKey(Arc<str>);

impl ApiKey {
    /// A key of 8 to 1,024 visible ASCII characters.
    ///
    /// # Errors
    /// [`ProviderError::Key`], which does not contain it.
    pub fn new(key: &str) -> Result<Self, ProviderError> {
        let is_right = LENGTHS.contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
        if is_right { Ok(Self(key.into())) } else { Err(ProviderError::Key) }
    }

    /// The key itself, for the header.
    pub(super) fn reveal(&self) -> &str {
        &self.0
    }

    /// A text without the key.
    pub(super) fn hide_in<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if text.contains(&*self.0) { Cow::Owned(text.replace(&*self.0, "(key)")) } else { Cow::Borrowed(text) }
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_checked_and_hidden() {
        let key = ApiKey::new("AIza-secret_key").unwrap();
        assert_eq!(format!("{key:?} {:#?}", Some(&key)), "ApiKey(hidden) Some(\n    ApiKey(hidden),\n)");
        assert_eq!(key.hide_in("bad key AIza-secret_key!"), "bad key (key)!");
        assert_eq!(key.hide_in("all is well"), "all is well");
        for wrong in ["", "short", "with space", "line\r\nbreak", "größer-als-acht", &"x".repeat(1_025)] {
            let error = ApiKey::new(wrong).unwrap_err();
            assert_eq!(error.name(), "key");
            assert!(wrong.is_empty() || !error.to_string().contains(wrong), "{error}");
        }
    }
}
