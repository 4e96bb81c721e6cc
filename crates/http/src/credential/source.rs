//! Where a key comes from: it was given, is in a file, or is printed by a program.

use async_trait::async_trait;
use secrecy::SecretString;
use std::fmt;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use workspace_members_core::{Effect, Error, ErrorKind, Result};

/// The largest key that is read, in bytes.
pub(super) const MAX_KEY: u16 = 16 << 10;

/// Obtains the key of an account.
#[async_trait]
pub trait CredentialSource: fmt::Debug + Send + Sync {
    /// The key to use. `renew` says that the provider refused the one given last: obtain another if there can be one,
    /// else give the same again.
    async fn credential(&self, renew: bool) -> Result<SecretString>;
}

pub(super) fn failed(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Credential, Effect::Rejected, message.into())
}

/// How long a command may take to print a key. Less than a call may take by default, so that a command that hangs is
/// reported as what it is, and not as an answer that did not come.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(20);

fn trimmed(bytes: Vec<u8>, from: &str) -> Result<SecretString> {
    if bytes.len() > usize::from(MAX_KEY) {
        return Err(failed(format!(
            "the key from {from} is longer than {MAX_KEY} bytes; is it the key alone?"
        )));
    }
    let text = String::from_utf8(bytes).map_err(|_| failed(format!("the key from {from} is not UTF-8")))?;
    match text.trim() {
        "" => Err(failed(format!("the key from {from} is empty"))),
        key => Ok(SecretString::from(key)),
    }
}

/// A key that was given.
#[derive(Debug, Clone)]
pub struct StaticCredential(SecretString);

impl StaticCredential {
    /// Takes the key.
    pub fn new(key: SecretString) -> Self {
        Self(key)
    }
}

#[async_trait]
impl CredentialSource for StaticCredential {
    async fn credential(&self, _renew: bool) -> Result<SecretString> {
        Ok(self.0.clone())
    }
}

/// A key in a file, white space around it ignored. On Unix the file must not be readable by everybody.
#[derive(Debug, Clone)]
pub struct FileCredential(PathBuf);

impl FileCredential {
    /// Names the file; it is read when the key is needed.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }
}

#[async_trait]
impl CredentialSource for FileCredential {
    async fn credential(&self, _renew: bool) -> Result<SecretString> {
        let path = &self.0;
        let cannot = |error: std::io::Error| {
            failed(format!("the key file {} cannot be read", path.display())).with_source(error)
        };
        let file = tokio::fs::File::open(path).await.map_err(cannot)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = file.metadata().await.map_err(cannot)?.permissions().mode();
            if mode & 0o007 != 0 {
                let message = format!(
                    "everybody on this machine may open the key file {} (mode {:o}); chmod it to 600",
                    path.display(),
                    mode & 0o777
                );
                return Err(failed(message));
            }
        }
        let mut bytes = Vec::new();
        file.take(u64::from(MAX_KEY) + 1).read_to_end(&mut bytes).await.map_err(cannot)?;
        trimmed(bytes, &format!("file {}", path.display()))
    }
}

/// A key that a program prints, such as a password manager's. Run without a shell; white space around the key ignored.
#[derive(Debug, Clone)]
pub struct CommandCredential(Vec<String>);

impl CommandCredential {
    /// Takes the program and its arguments. Run when the key is needed; ends after 20 s.
    pub fn new(command: Vec<String>) -> Self {
        Self(command)
    }
}

#[async_trait]
impl CredentialSource for CommandCredential {
    async fn credential(&self, _renew: bool) -> Result<SecretString> {
        let Some((program, arguments)) = self.0.split_first() else {
            return Err(failed("the key command is empty"));
        };
        let mut child = tokio::process::Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            // What the program says for people goes to them; it is never mixed into an error.
            .stderr(Stdio::inherit())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| failed(format!("the key command {program} cannot be run")).with_source(error))?;
        let mut bytes = Vec::new();
        let work = async {
            if let Some(out) = child.stdout.take() {
                out.take(u64::from(MAX_KEY) + 1).read_to_end(&mut bytes).await?;
            }
            child.wait().await
        };
        let status = tokio::time::timeout(COMMAND_TIMEOUT, work)
            .await
            .map_err(|_| failed(format!("the key command {program} printed no key within 20 s")))?
            .map_err(|error| failed(format!("the key command {program} failed")).with_source(error))?;
        // Of one that prints too much the rest is not read, which ends it.
        if !status.success() && bytes.len() <= usize::from(MAX_KEY) {
            return Err(failed(format!("the key command {program} failed ({status})")));
        }
        trimmed(bytes, &format!("command {program}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    #[tokio::test]
    async fn a_command_prints_the_key() {
        let key =
            CommandCredential::new(vec!["printf".into(), " k1 \n".into()]).credential(false).await.unwrap();
        assert_eq!(key.expose_secret(), "k1");
        let long = vec!["head".into(), "-c".into(), "20000".into(), "/dev/zero".into()];
        for bad in [long, vec![], vec!["false".into()], vec!["true".into()], vec!["/no/such/program".into()]]
        {
            let error = CommandCredential::new(bad).credential(false).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Credential);
        }
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_key_file_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key");
        std::fs::write(&path, "k2\n").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let error = FileCredential::new(&path).credential(false).await.unwrap_err();
        assert!(error.to_string().contains("chmod"), "{error}");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(FileCredential::new(&path).credential(false).await.unwrap().expose_secret(), "k2");
        std::fs::write(&path, "k".repeat(usize::from(MAX_KEY) + 1)).unwrap();
        let error = FileCredential::new(&path).credential(false).await.unwrap_err();
        assert!(error.to_string().contains("longer than"), "{error}");
    }

    #[test]
    fn debug_shows_no_key() {
        let source = StaticCredential::new(SecretString::from("canary-key"));
        assert!(!format!("{source:?}").contains("canary"));
    }
}
