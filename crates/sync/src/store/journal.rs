//! The file of an account's open changes: JSON lines, each on disk before the next request is sent.

use super::OpenChange;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Line {
    Open { id: u64, at: jiff::Timestamp, open_change: OpenChange },
    Closed { id: u64, at: jiff::Timestamp, how: String },
}

/// The journal of one account. Only a run that has the account's lock opens it.
#[derive(Debug)]
pub(super) struct Journal {
    file: File,
    /// How long it is, in bytes of whole lines.
    length: u64,
    open: BTreeSet<u64>,
    next: u64,
}

impl Journal {
    /// Opens the journal, or makes an empty one.
    ///
    /// A last line without its end was being written when the process died, before the request that it announces was
    /// sent: it is cut off. Anything else that cannot be read is an error, since somebody may be outside.
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
        Ok(Self { file, length, open: open.into_keys().collect(), next })
    }

    /// Appends that a change is about to begin. On disk when it returns.
    pub(super) fn begin(&mut self, open_change: OpenChange) -> io::Result<u64> {
        let id = self.next;
        self.write(&Line::Open { id, at: jiff::Timestamp::now(), open_change })?;
        self.next += 1;
        self.open.insert(id);
        Ok(id)
    }

    /// Appends that a change is finished, or empties the file if none is left. On disk when it returns.
    pub(super) fn end(&mut self, id: u64, how: String) -> io::Result<()> {
        if !self.open.contains(&id) {
            return Ok(());
        }
        if self.open.len() > 1 {
            self.write(&Line::Closed { id, at: jiff::Timestamp::now(), how })?;
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

/// The open changes in a journal, oldest first, also while somebody else writes it.
pub(super) fn read_file(path: &Path) -> io::Result<BTreeMap<u64, OpenChange>> {
    Ok(read(whole_lines(&std::fs::read(path)?))?.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use workspace_members_core::{NativeRole, PrincipalId, WorkspaceId};

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
    fn a_change_that_was_begun_is_open_until_it_is_ended() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.journal");
        let added = || "added".to_owned();
        let mut journal = Journal::open(&path).unwrap();
        let (first, second) = (journal.begin(open_change()).unwrap(), journal.begin(open_change()).unwrap());
        journal.end(first, added()).unwrap();
        drop(journal);
        assert_eq!(read_file(&path).unwrap(), BTreeMap::from([(second, open_change())]));
        let mut journal = Journal::open(&path).unwrap();
        let third = journal.begin(open_change()).unwrap();
        assert!(third > second);
        journal.end(second, added()).unwrap();
        journal.end(third, added()).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().len(), 0);
    }

    #[test]
    fn a_line_that_was_being_written_is_cut_off_and_any_other_damage_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.journal");
        Journal::open(&path).unwrap().begin(open_change()).unwrap();
        let whole = std::fs::read(&path).unwrap();
        for end in 0..whole.len() {
            std::fs::write(&path, [&whole, &whole[..end]].concat()).unwrap();
            assert_eq!(read_file(&path).unwrap().len(), 1, "{end}");
            let mut journal = Journal::open(&path).unwrap();
            assert_eq!(read_file(&path).unwrap().len(), 1, "{end}");
            let id = journal.begin(open_change()).unwrap();
            assert_eq!(read_file(&path).unwrap().len(), 2);
            journal.end(id, "added".to_owned()).unwrap();
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
            assert!(read_file(&path).is_err());
            assert_eq!(std::fs::read_to_string(&path).unwrap(), damaged);
        }
    }

    #[test]
    fn what_could_not_be_written_whole_is_not_joined_to_the_next_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.journal");
        let mut journal = Journal::open(&path).unwrap();
        journal.begin(open_change()).unwrap();
        // As a full disk leaves it.
        journal.file.write_all(b"{\"open\":{\"id\":2,").unwrap();
        journal.begin(open_change()).unwrap();
        assert_eq!(read_file(&path).unwrap().len(), 2);
    }
}
