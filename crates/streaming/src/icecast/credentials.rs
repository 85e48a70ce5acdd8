//! The user name and the password of a request.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::text;

/// The user name and the password of a request, in HTTP basic authentication. Its debug output has no password.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The name of the user. Many programs send `source`.
    pub user: String,
    /// The password.
    pub password: String,
}

impl Credentials {
    /// Reads the value of the header `Authorization`. `None` if it is not basic authentication.
    pub(super) fn parse(value: &[u8]) -> Option<Self> {
        let value = std::str::from_utf8(value).ok()?;
        let (scheme, encoded) = value.trim().split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let decoded = STANDARD.decode(encoded.trim()).ok()?;
        let at = decoded.iter().position(|byte| *byte == b':')?;
        let (user, password) = decoded.split_at(at);
        let password = password.get(1..).unwrap_or_default();
        Some(Self { user: text::decode(user, None), password: text::decode(password, None) })
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("user", &self.user).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_authentication_is_read_and_the_password_is_not_printed() {
        let found = Credentials::parse(b"Basic c291cmNlOmhhY2s6bWU=").unwrap();
        assert_eq!((&*found.user, &*found.password), ("source", "hack:me"));
        assert!(!format!("{found:?}").contains("hack"));
        assert_eq!(Credentials::parse(b"basic  Ojo=").unwrap().password, ":");
        for wrong in [&b"Basic"[..], b"Basic !", b"Bearer c291cmNlOmhhY2s6bWU=", b"Basic c291cmNl", b"", b"\xFF \xFF"] {
            assert_eq!(Credentials::parse(wrong), None);
        }
    }
}
