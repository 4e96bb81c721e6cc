//! Where audit lines go: anything that takes lines in order, and a file that does.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use tokio::sync::oneshot;

/// Completes when the line is where it must be, or says why it is not.
pub type Appended = Pin<Box<dyn Future<Output = io::Result<()>> + Send>>;

/// Takes audit lines.
pub trait AuditSink: fmt::Debug + Send + Sync {
    /// Takes one line, which ends in a newline.
    ///
    /// The line is taken by the call itself, in the order of the calls; the future only waits until it is safe. A
    /// caller that drops the future does not take the line back: this is how the outcome of a write is recorded whose
    /// caller has gone.
    fn append(&self, line: String) -> Appended;
}

/// Lines that are forced to the disk together.
const BATCH: usize = 64;

/// A file that lines are appended to, each by one write, so that several processes can share it.
///
/// An own thread writes, so that no flush of the disk holds up the runtime; lines that wait for it are flushed
/// together. Dropping the last handle waits until all lines are written.
pub struct AuditFile {
    path: PathBuf,
    lines: Option<Sender<Entry>>,
    writer: Option<JoinHandle<()>>,
}

struct Entry {
    line: String,
    written: oneshot::Sender<io::Result<()>>,
}

impl AuditFile {
    /// Opens the file for appending, and makes it with mode 0600 (on Unix) where there is none. An existing file keeps
    /// its mode. With `fsync`, a line counts as written when the disk has it, else when the operating system has it.
    ///
    /// Where the file ends within a line, because its writer died or the disk was full, the first line begins on a line
    /// of its own. A file that may not be read is taken to end so, and may get an empty line.
    pub fn open(path: impl Into<PathBuf>, fsync: bool) -> io::Result<Self> {
        let path = path.into();
        let file = open(&path)?;
        let (lines, entries) = channel();
        let torn = is_torn(&file, &path);
        let mut log = Log { file, fsync, torn };
        let writer =
            std::thread::Builder::new().name("wsm-audit".to_owned()).spawn(move || log.run(&entries))?;
        Ok(Self { path, lines: Some(lines), writer: Some(writer) })
    }

    /// The file's path.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let new = !path.exists();
    let file = options.open(path)?;
    if new {
        // The file's name must survive a crash as well as its content. Not every system can do this.
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        if let Ok(directory) = File::open(parent.unwrap_or(Path::new("."))) {
            _ = directory.sync_all();
        }
    }
    Ok(file)
}

/// Whether the file ends within a line.
fn is_torn(file: &File, path: &Path) -> bool {
    // A pipe or a device has no end to look at, and reading would take from its reader.
    if file.metadata().is_ok_and(|about| !about.is_file() || about.len() == 0) {
        return false;
    }
    let last = File::open(path).and_then(|mut file| {
        let mut last = [0];
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
        Ok(last)
    });
    last.map_or(true, |last| last != *b"\n")
}

impl fmt::Debug for AuditFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditFile").field("path", &self.path).finish_non_exhaustive()
    }
}

impl AuditSink for AuditFile {
    fn append(&self, line: String) -> Appended {
        let (written, answer) = oneshot::channel();
        if let Some(lines) = &self.lines {
            // Where the thread is gone, dropping the entry answers.
            _ = lines.send(Entry { line, written });
        }
        Box::pin(async move {
            answer
                .await
                .unwrap_or_else(|_| Err(io::Error::other("the thread that writes the audit log has ended")))
        })
    }
}

impl Drop for AuditFile {
    fn drop(&mut self) {
        drop(self.lines.take());
        if let Some(writer) = self.writer.take() {
            // It ended by itself or by a panic; all that could be written is.
            _ = writer.join();
        }
    }
}

/// The writing side.
struct Log<F> {
    file: F,
    fsync: bool,
    /// The file ends within a line; the next one begins on a line of its own.
    torn: bool,
}

impl Log<File> {
    fn run(&mut self, entries: &Receiver<Entry>) {
        while let Ok(first) = entries.recv() {
            let batch: Vec<Entry> =
                std::iter::once(first).chain(entries.try_iter().take(BATCH - 1)).collect();
            let written: Vec<io::Result<()>> = batch.iter().map(|entry| self.write(&entry.line)).collect();
            let flushed = if self.fsync { self.file.sync_data() } else { Ok(()) };
            for (entry, written) in batch.into_iter().zip(written) {
                let result = written.and_then(|()| copy(&flushed));
                // Nobody waits for the outcome of a write whose caller has gone.
                _ = entry.written.send(result);
            }
        }
    }
}

impl<F: Write> Log<F> {
    fn write(&mut self, line: &str) -> io::Result<()> {
        let bytes = if self.torn { format!("\n{line}") } else { line.to_owned() };
        let mut rest = bytes.as_bytes();
        while !rest.is_empty() {
            match self.file.write(rest) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => {
                    // What was written says how the file ends; what failed says nothing.
                    let (done, left) = rest.split_at(count.min(rest.len()));
                    self.torn = done.last() != Some(&b'\n');
                    rest = left;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

fn copy(result: &io::Result<()>) -> io::Result<()> {
    match result {
        Ok(()) => Ok(()),
        Err(error) => Err(io::Error::new(error.kind(), error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_are_appended_in_order_and_all_of_them() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("audit.jsonl");
        std::fs::write(&path, "old\n").unwrap();
        let file = AuditFile::open(&path, true).unwrap();
        file.append("1\n".to_owned()).await.unwrap();
        let mut expected = "old\n1\n".to_owned();
        for number in 2..200 {
            let line = format!("{number}\n");
            expected.push_str(&line);
            drop(file.append(line));
        }
        drop(file);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), expected);
    }

    /// A disk that takes so many bytes of each write, or fails.
    struct Disk(Vec<u8>, std::collections::VecDeque<io::Result<usize>>);

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let count = self.1.pop_front().unwrap_or(Ok(usize::MAX))?.min(bytes.len());
            self.0.extend_from_slice(&bytes[..count]);
            Ok(count)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_never_continues_one_that_was_cut_short() {
        let full = || Err(io::ErrorKind::StorageFull.into());
        let interrupted = || Err(io::ErrorKind::Interrupted.into());
        for (script, results, kept) in [
            (vec![Ok(3), full(), full(), full()], "---+", "fir\nfourth\n"),
            (vec![full(), full()], "--++", "third\nfourth\n"),
            (vec![Ok(3), full(), Ok(1), full()], "--++", "fir\nthird\nfourth\n"),
            (vec![Ok(3), full(), Ok(4), full()], "--++", "fir\nsec\nthird\nfourth\n"),
            (vec![Ok(5), full()], "-+++", "first\nsecond\nthird\nfourth\n"),
            (vec![Ok(3), Ok(2), Ok(1)], "++++", "first\nsecond\nthird\nfourth\n"),
            (vec![interrupted(), Ok(3), interrupted()], "++++", "first\nsecond\nthird\nfourth\n"),
            (vec![Ok(0)], "-+++", "second\nthird\nfourth\n"),
        ] {
            let name = format!("{script:?}");
            let mut log = Log { file: Disk(Vec::new(), script.into()), fsync: false, torn: false };
            let outcomes: String = ["first\n", "second\n", "third\n", "fourth\n"]
                .map(|line| if log.write(line).is_ok() { '+' } else { '-' })
                .into_iter()
                .collect();
            assert_eq!(
                (outcomes.as_str(), String::from_utf8_lossy(&log.file.0).as_ref()),
                (results, kept),
                "{name}"
            );
        }
    }

    #[tokio::test]
    async fn a_file_that_ends_within_a_line_is_continued_on_the_next() {
        let directory = tempfile::tempdir().unwrap();
        for (before, after) in
            [("", "x\n"), ("whole\n", "whole\nx\n"), ("cut sho", "cut sho\nx\n"), ("\n", "\nx\n")]
        {
            let path = directory.path().join("audit.jsonl");
            std::fs::write(&path, before).unwrap();
            AuditFile::open(&path, false).unwrap().append("x\n".to_owned()).await.unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), after);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_new_file_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("audit.jsonl");
        let file = AuditFile::open(&path, false).unwrap();
        assert_eq!(std::fs::metadata(file.path()).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_full_disk_is_reported() {
        let file = AuditFile::open("/dev/full", false).unwrap();
        let error = file.append("x\n".to_owned()).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    }
}
