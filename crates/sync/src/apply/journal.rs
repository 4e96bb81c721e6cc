//! What is about to leave somebody outside for a moment, written down first.
//!
//! One file of JSON lines for each account. A line is on disk before the request that it is about is sent, so after a
//! crash at any point the file knows of everybody who may be outside.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use workspace_members_core::{NativeRole, PrincipalId, WorkspaceId};

/// Somebody who is removed only to be added again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct OpenChange {
    /// The connection that was used.
    pub connection: String,
    /// Where.
    pub workspace: WorkspaceId,
    /// Who.
    pub principal: PrincipalId,
    /// Who, as a person would say it.
    pub label: String,
    /// The role before.
    pub from: NativeRole,
    /// The role after.
    pub to: NativeRole,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Line {
    Open { id: u64, at: jiff::Timestamp, open_change: OpenChange },
    Closed { id: u64, at: jiff::Timestamp, how: String },
}

/// The journal of one account. Whoever holds it holds the account's lock.
#[derive(Debug)]
pub(super) struct Journal {
    file: File,
    /// How long it is, in bytes of whole lines.
    length: u64,
    open: BTreeMap<u64, OpenChange>,
    next: u64,
}

impl Journal {
    /// Reads the journal, or begins one.
    ///
    /// A last line without an end was being written when the process died; the request that it was to precede was
    /// never sent, so it is cut off. Anything else that cannot be read is an error: somebody may be outside.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let is_new = !path.exists();
        let mut options = File::options();
        options.create(true).truncate(false).read(true).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path)?;
        if is_new && let Some(folder) = path.parent() {
            File::open(folder)?.sync_all()?;
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let whole = whole_lines(&bytes);
        let (open, next) = read(whole)?;
        let length = whole.len() as u64;
        file.set_len(length)?;
        Ok(Self { file, length, open, next })
    }

    /// Everything that was begun and not ended, oldest first.
    pub(super) fn open_changes(&self) -> Vec<(u64, OpenChange)> {
        self.open.iter().map(|(id, open_change)| (*id, open_change.clone())).collect()
    }

    /// Writes down that somebody is about to be outside. On disk when it returns.
    pub(super) fn begin(&mut self, open_change: &OpenChange) -> io::Result<u64> {
        let id = self.next;
        self.write(&Line::Open { id, at: jiff::Timestamp::now(), open_change: open_change.clone() })?;
        self.next += 1;
        self.open.insert(id, open_change.clone());
        Ok(id)
    }

    /// Writes down that they are inside, and how that came. Empties the file once nobody is left.
    pub(super) fn close(&mut self, id: u64, how: &str) -> io::Result<()> {
        if self.open.len() > 1 || !self.open.contains_key(&id) {
            self.write(&Line::Closed { id, at: jiff::Timestamp::now(), how: how.to_owned() })?;
        } else {
            self.file.set_len(0)?;
            self.length = 0;
            self.file.sync_all()?;
        }
        self.open.remove(&id);
        Ok(())
    }

    fn write(&mut self, line: &Line) -> io::Result<()> {
        let mut text = serde_json::to_string(line).map_err(io::Error::other)?;
        text.push('\n');
        // A part of a line that could not be written must not be what the next one is joined to.
        self.file.set_len(self.length)?;
        self.file.seek(SeekFrom::Start(self.length))?;
        self.file.write_all(text.as_bytes())?;
        self.file.sync_all()?;
        self.length += text.len() as u64;
        Ok(())
    }
}

/// Everything up to the last end of a line. In bytes: a line may have been cut off within a letter.
fn whole_lines(bytes: &[u8]) -> &[u8] {
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    &bytes[..whole]
}

fn read(lines: &[u8]) -> io::Result<(BTreeMap<u64, OpenChange>, u64)> {
    let unreadable = |line: usize, why: &str| {
        io::Error::new(io::ErrorKind::InvalidData, format!("line {line} is unreadable: {why}"))
    };
    let mut open = BTreeMap::new();
    let mut next = 1;
    for (number, line) in (1..).zip(lines.split(|byte| *byte == b'\n')) {
        if line.trim_ascii().is_empty() {
            continue;
        }
        let line: Line =
            serde_json::from_slice(line).map_err(|error| unreadable(number, &error.to_string()))?;
        match line {
            Line::Open { id, open_change, .. } => {
                let after =
                    id.checked_add(1).ok_or_else(|| unreadable(number, "its id is the last there is"))?;
                next = next.max(after);
                // Taking the second for the first would forget somebody.
                if open.insert(id, open_change).is_some() {
                    return Err(unreadable(number, "its id is open already"));
                }
            }
            Line::Closed { id, .. } => {
                open.remove(&id);
            }
        }
    }
    Ok((open, next))
}

/// Who may be outside, over all accounts whose journals are in this folder. Reads only; takes no lock.
pub fn open_changes(state_dir: &Path) -> io::Result<Vec<OpenChange>> {
    let mut all = Vec::new();
    let entries = match std::fs::read_dir(state_dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(all),
        Err(error) => return Err(error),
    };
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    for path in paths.iter().filter(|path| path.extension().is_some_and(|ending| ending == "journal")) {
        all.extend(read(whole_lines(&std::fs::read(path)?))?.0.into_values());
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open_change() -> OpenChange {
        OpenChange {
            connection: "acme".to_owned(),
            workspace: WorkspaceId::from(1),
            principal: PrincipalId::User(workspace_members_core::UserId::from(7)),
            label: "Amélie".to_owned(),
            from: NativeRole::new("viewer"),
            to: NativeRole::new("editor"),
        }
    }

    #[test]
    fn what_was_begun_is_open_until_it_is_closed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.journal");
        let mut journal = Journal::open(&path).unwrap();
        let (first, second) =
            (journal.begin(&open_change()).unwrap(), journal.begin(&open_change()).unwrap());
        journal.close(first, "added").unwrap();
        drop(journal);
        assert_eq!(open_changes(folder.path()).unwrap(), [open_change()]);
        let mut journal = Journal::open(&path).unwrap();
        assert_eq!(journal.open_changes(), [(second, open_change())]);
        let third = journal.begin(&open_change()).unwrap();
        assert!(third > second);
        journal.close(second, "added").unwrap();
        journal.close(third, "added").unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().len(), 0);
        assert!(open_changes(&folder.path().join("none")).unwrap().is_empty());
    }

    #[test]
    fn a_line_that_was_being_written_is_cut_off_and_any_other_damage_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.journal");
        Journal::open(&path).unwrap().begin(&open_change()).unwrap();
        let whole = std::fs::read(&path).unwrap();
        for end in 0..whole.len() {
            std::fs::write(&path, [&whole, &whole[..end]].concat()).unwrap();
            assert_eq!(open_changes(folder.path()).unwrap().len(), 1, "{end}");
            let mut journal = Journal::open(&path).unwrap();
            assert_eq!(journal.open_changes().len(), 1, "{end}");
            let id = journal.begin(&open_change()).unwrap();
            assert_eq!(Journal::open(&path).unwrap().open_changes().len(), 2);
            journal.close(id, "added").unwrap();
        }
        let whole = String::from_utf8(whole).unwrap();
        let last = u64::MAX.to_string();
        for (damaged, said) in [
            (format!("{{\"open\":\n{whole}"), "line 1 is unreadable: EOF while"),
            (format!("{whole}{whole}"), "line 2 is unreadable: its id is open already"),
            (
                whole.replace("\"id\":1", &format!("\"id\":{last}")),
                "line 1 is unreadable: its id is the last",
            ),
        ] {
            std::fs::write(&path, &damaged).unwrap();
            let error = Journal::open(&path).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData);
            assert!(error.to_string().starts_with(said), "{error}");
            assert!(open_changes(folder.path()).is_err());
            assert_eq!(std::fs::read_to_string(&path).unwrap(), damaged);
        }
    }

    #[test]
    fn what_could_not_be_written_whole_is_not_joined_to_the_next_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.journal");
        let mut journal = Journal::open(&path).unwrap();
        journal.begin(&open_change()).unwrap();
        // As a full disk leaves it.
        journal.file.write_all(b"{\"open\":{\"id\":2,").unwrap();
        journal.begin(&open_change()).unwrap();
        assert_eq!(Journal::open(&path).unwrap().open_changes().len(), 2);
    }
}
