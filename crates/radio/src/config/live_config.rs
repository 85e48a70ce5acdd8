//! The live sources of a station, as its owner writes them.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use crate::error::Error;
use crate::sound::GAINS_DB;

/// The shortest password.
const SHORTEST: usize = 6;

/// `[live]` in the configuration of a station.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LiveConfig {
    /// The port to which sources connect.
    pub port: u16,
    /// The address on which it listens. 0.0.0.0 is every network.
    #[serde(default = "this_machine")]
    pub bind: IpAddr,
    /// The folder in which the sound of sources is recorded as they send it. Without it nothing is recorded.
    pub recordings: Option<PathBuf>,
    /// The mounts.
    #[serde(default)]
    pub mount: Vec<LiveMountConfig>,
}

const fn this_machine() -> IpAddr {
    IpAddr::V4(Ipv4Addr::LOCALHOST)
}

/// A mount to which one source at a time sends sound.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LiveMountConfig {
    /// Its path: "/live".
    pub path: String,
    /// Who may send sound.
    #[serde(default)]
    pub users: Vec<UserConfig>,
    /// Whether the program is heard below it, with a lower gain.
    #[serde(default)]
    pub talk: bool,
    /// The gain of the source in decibels: -24 to 24.
    #[serde(default)]
    pub gain_db: f32,
    /// The time between receiving a frame and playing it, in seconds: 4 to 10. It grows when the connection is too slow.
    #[serde(default = "buffer_seconds")]
    pub buffer_seconds: f64,
}

const fn buffer_seconds() -> f64 {
    5.0
}

/// A user who may send sound.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserConfig {
    /// The name. Most programs send "source".
    pub name: String,
    /// A file that contains the password.
    pub password_file: Option<PathBuf>,
    /// An environment variable that contains the password.
    pub password_env: Option<String>,
}

impl LiveConfig {
    /// Makes relative paths absolute.
    pub(super) fn make_absolute(&mut self, folder: &Path) {
        let users = self.mount.iter_mut().flat_map(|mount| &mut mount.users);
        let files = users.filter_map(|user| user.password_file.as_mut());
        files.chain(self.recordings.as_mut()).for_each(|path| *path = folder.join(&*path));
    }

    /// The address on which the station listens for sources.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::new(self.bind, self.port)
    }

    /// What is wrong with it, in words.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if let Some(file) = self.recordings.as_ref().filter(|folder| folder.exists() && !folder.is_dir()) {
            problems.push(format!("[live]: recordings: {} is no folder: give another path", file.display()));
        }
        if self.mount.is_empty() {
            problems.push("[live]: it has no mounts: add [[live.mount]] with a path and users".to_owned());
        }
        for (index, mount) in self.mount.iter().enumerate() {
            let path = mount.path.escape_debug();
            let mut check = |fine: bool, problem: &str| {
                if !fine {
                    problems.push(format!("the live mount \"{path}\": {problem}"));
                }
            };
            let plain = |one: char| one.is_ascii_alphanumeric() || "/-_.".contains(one);
            let mut names = mount.path.split('/');
            let rooted = names.next() == Some("") && mount.path.chars().all(plain);
            let fine = rooted && names.all(|name| !name.is_empty() && name != "." && name != "..");
            check(fine, "give a path of letters, digits, -, _ and . that begins with a slash, like \"/live\"");
            check(!mount.path.starts_with("/admin/"), "the protocol uses /admin/: give another path");
            let earlier = self.mount.iter().take(index);
            check(!earlier.clone().any(|other| other.path == mount.path), "another mount has this path: rename one");
            let gain = mount.gain_db;
            let fine = (GAINS_DB.0..=GAINS_DB.1).contains(&f64::from(gain));
            check(fine, &format!("gain_db = {gain}: give -24 to 24 dB"));
            let seconds = mount.buffer_seconds;
            check((4.0..=10.0).contains(&seconds), &format!("buffer_seconds = {seconds}: give 4 to 10 s"));
            check(
                !mount.users.is_empty(),
                "it has no users: add users = [{ name = \"source\", password_file = \"...\" }]",
            );
            for (index, user) in mount.users.iter().enumerate() {
                let is_new = mount.users.iter().take(index).all(|other| other.name != user.name);
                check(is_new, &format!("two users have the name \"{}\": rename one", user.name.escape_debug()));
                let result = user.password();
                check(result.is_ok(), &result.err().map_or_else(String::new, |error| error.to_string()));
            }
        }
        problems
    }
}

impl LiveMountConfig {
    /// The time between receiving a frame and playing it.
    pub fn buffer(&self) -> Duration {
        Duration::try_from_secs_f64(self.buffer_seconds).unwrap_or_default()
    }
}

impl UserConfig {
    /// The password.
    ///
    /// # Errors
    /// [`Error::Invalid`] when there is none or it is too short.
    pub fn password(&self) -> Result<String, Error> {
        let name = self.name.escape_debug();
        let (place, password) = match (&self.password_file, &self.password_env) {
            (Some(file), None) => {
                let text = std::fs::read_to_string(file);
                (file.display().to_string(), text.map_err(|error| Error::io(file, "read the password", error))?)
            }
            (None, Some(variable)) => {
                let problem = format!("the user \"{name}\": the environment variable {variable} is not set");
                (
                    format!("the environment variable {variable}"),
                    std::env::var(variable).map_err(|_| Error::Invalid(problem))?,
                )
            }
            _ => {
                let advice = "give password_file = \"FILE\" or password_env = \"VARIABLE\"";
                return Err(Error::Invalid(format!("the user \"{name}\": {advice}")));
            }
        };
        let password = password.trim_end_matches(['\n', '\r']);
        let is_plain = !password.contains(char::is_control) && !password.trim().is_empty();
        let advice = if self.name.is_empty() || self.name.contains(':') {
            "give a name, without a colon"
        } else if password.chars().count() < SHORTEST || !is_plain {
            "give a password of at least 6 characters in a single line"
        } else {
            return Ok(password.to_owned());
        };
        Err(Error::Invalid(format!("the user \"{name}\", {place}: {advice}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> LiveConfig {
        toml_edit::de::from_str(text).unwrap()
    }

    #[test]
    fn problems_name_the_value_and_the_way_out() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("short"), "abc\n").unwrap();
        std::fs::write(folder.path().join("good"), "correct horse\n").unwrap();
        let mut good = config(
            "port = 8005\nrecordings = \"rec\"\n[[mount]]\npath = \"/live\"\nusers = [{ name = \"source\", password_file = \"good\" }]",
        );
        good.make_absolute(folder.path());
        assert_eq!(good.problems(), Vec::<String>::new());
        assert_eq!(good.mount[0].users[0].password().unwrap(), "correct horse");
        assert_eq!(
            (good.recordings.clone().unwrap(), good.address().to_string()),
            (folder.path().join("rec"), "127.0.0.1:8005".to_owned())
        );
        let mut bad = config(
            "port = 1\n[[mount]]\npath = \"live\"\ngain_db = 99\nbuffer_seconds = 1\nusers = [{ name = \"a\", password_file = \"short\" }, { name = \"b\" }]\n[[mount]]\npath = \"live\"",
        );
        bad.make_absolute(folder.path());
        let problems = bad.problems().join("\n");
        for part in [
            "begins with a slash",
            "gain_db = 99",
            "buffer_seconds = 1",
            "at least 6",
            "\"b\": give password_file",
            "another mount",
            "no users",
        ] {
            assert!(problems.contains(part), "{part}: {problems}");
        }
        assert!(!problems.contains("abc"));
        assert!(config("port = 1").problems()[0].contains("no mounts"));
    }
}
