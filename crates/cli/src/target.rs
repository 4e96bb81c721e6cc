//! What a command works on: a connection, or one of its workspaces.

use std::fmt;
use std::str::FromStr;

/// `connection` or `connection:workspace`; the workspace by id or unique name, which may itself contain colons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) connection: String,
    pub(crate) workspace: Option<String>,
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (connection, workspace) = match text.split_once(':') {
            Some((connection, workspace)) => (connection, Some(workspace)),
            None => (text, None),
        };
        if connection.is_empty() || workspace == Some("") {
            return Err("write CONNECTION or CONNECTION:WORKSPACE".to_owned());
        }
        Ok(Self { connection: connection.to_owned(), workspace: workspace.map(str::to_owned) })
    }
}

/// `connection:workspace`, where one workspace must be named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WorkspaceTarget {
    pub(crate) connection: String,
    pub(crate) workspace: String,
}

impl fmt::Display for WorkspaceTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.connection, self.workspace)
    }
}

impl FromStr for WorkspaceTarget {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse::<Target>() {
            Ok(Target { connection, workspace: Some(workspace) }) => Ok(Self { connection, workspace }),
            Ok(Target { connection, workspace: None }) => Err(format!(
                "write {connection}:WORKSPACE, with a workspace's id or unique name; `wsm workspaces {connection}` \
                 lists them"
            )),
            Err(_) => Err("write CONNECTION:WORKSPACE".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_colon_divides() {
        let target: Target = "acme:Sales: north".parse().unwrap();
        assert_eq!((target.connection.as_str(), target.workspace.as_deref()), ("acme", Some("Sales: north")));
        let named: WorkspaceTarget = "acme:Sales: north".parse().unwrap();
        assert_eq!(named.to_string(), "acme:Sales: north");
        assert_eq!("acme".parse::<Target>().unwrap().workspace, None);
        for bad in ["", ":", "acme:", ":7"] {
            assert!(bad.parse::<Target>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_write_needs_a_workspace() {
        let error = "acme".parse::<WorkspaceTarget>().unwrap_err();
        assert!(error.contains("acme:WORKSPACE"), "{error}");
    }
}
