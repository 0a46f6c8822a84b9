//! What the system does not give: told apart from what is wrong with a file, and put into words.
//!
//! A shortage passes, or is ended by whoever set the limit. It is never a reason to touch the file that was to be read.

use std::error::Error;
use std::fmt;
use std::io::{self, ErrorKind};

use rustix::io::Errno;

/// Whether the process lacks something for now: descriptors, memory, threads.
pub fn is_shortage(error: &io::Error) -> bool {
    let lacking = [Errno::MFILE, Errno::NFILE, Errno::NOMEM, Errno::AGAIN, Errno::NOBUFS];
    errno(error).is_some_and(|errno| lacking.contains(&errno))
}

/// What the system said, of an error that was wrapped by others; none if it said nothing.
pub fn of_system(error: &(dyn Error + 'static)) -> Option<io::Error> {
    let mut next = Some(error);
    let mut causes = std::iter::from_fn(|| {
        let cause = next?;
        next = cause.source();
        Some(cause)
    });
    causes.find_map(|cause| {
        let said = cause.downcast_ref::<io::Error>().and_then(errno);
        said.or_else(|| cause.downcast_ref::<Errno>().copied()).map(io::Error::from)
    })
}

/// An error with its sources, on one line. What the text has in it already is not said again.
pub fn in_full(error: &dyn Error) -> String {
    let sources = std::iter::successors(error.source(), |source| (*source).source());
    let words = sources.map(|source| match source.downcast_ref::<io::Error>() {
        Some(system) => InWords(system).to_string(),
        None => source.to_string(),
    });
    words.fold(error.to_string(), |text, words| if text.contains(&words) { text } else { format!("{text}: {words}") })
}

fn errno(error: &io::Error) -> Option<Errno> {
    let is_simple = error.get_ref().is_none();
    let number = match error.raw_os_error() {
        Some(number) => number,
        None if is_simple => return (error.kind() == ErrorKind::OutOfMemory).then_some(Errno::NOMEM),
        // Whoever puts a path around an error, as `tempfile` does, keeps the number in the text alone.
        None => error.to_string().split_once(NUMBER)?.1.split_once(')')?.0.parse().ok()?,
    };
    (1..ERRNO_MAX).contains(&number).then(|| Errno::from_raw_os_error(number))
}

/// How the standard library shows the number of an error.
const NUMBER: &str = " (os error ";

/// The numbers of errors are below this on Linux.
const ERRNO_MAX: i32 = 4_096;

/// An error of the system in words that say what to do, without its number.
///
/// # Examples
///
/// ```
/// use switchback::files::InWords;
///
/// let full = std::io::Error::from_raw_os_error(28);
/// assert_eq!(InWords(&full).to_string(), "there is no room left on the disk");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct InWords<'a>(pub &'a io::Error);

impl fmt::Display for InWords<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(errno) = errno(self.0) else { return f.write_str(&without_number(&self.0.to_string())) };
        let words = match errno {
            Errno::MFILE => {
                "this process has too many files open: raise its limit (`ulimit -n`, systemd's LimitNOFILE=)"
            }
            Errno::NFILE => "too many files are open on this machine: raise fs.file-max",
            Errno::NOMEM => {
                "there is no memory for it, or no address space left: free some, or raise the limit (`ulimit -v`, systemd's \
                 LimitAS= and MemoryMax=)"
            }
            Errno::NOSPC => "there is no room left on the disk",
            Errno::DQUOT => "this user's quota of the disk is used up",
            Errno::FBIG => {
                "it would be larger than this process may write: raise its limit (`ulimit -f`, systemd's LimitFSIZE=)"
            }
            Errno::ROFS => "the file system is mounted read-only",
            Errno::ACCESS => "permission denied: run this as its owner, or give this user the right",
            Errno::NAMETOOLONG => "the path is too long: a name has at most 255 bytes, a path 4,095",
            other => return f.write_str(&without_number(&io::Error::from(other).to_string())),
        };
        f.write_str(words)
    }
}

/// `Is a directory (os error 21)` -> `Is a directory`.
fn without_number(text: &str) -> String {
    let cut = text.rfind(NUMBER).filter(|_| text.ends_with(')'));
    text[..cut.unwrap_or(text.len())].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shortage_is_no_fault_of_a_file_and_is_found_below_what_was_put_around_it() {
        for (number, lacking) in [
            (Errno::MFILE, true),
            (Errno::NFILE, true),
            (Errno::NOMEM, true),
            (Errno::NOSPC, false),
            (Errno::ACCESS, false),
            (Errno::ISDIR, false),
        ] {
            let error = io::Error::from(number);
            assert_eq!(is_shortage(&error), lacking, "{error}");
            let wrapped = crate::private::NotPrivate::Unusable { path: "/x".into(), source: error };
            let found = of_system(&wrapped).unwrap();
            assert_eq!(found.raw_os_error(), Some(number.raw_os_error()));
        }
        assert!(of_system(&fmt::Error).is_none());
        assert!(!is_shortage(&io::Error::other("too many")));
        let dir = tempfile::tempdir().unwrap();
        let below_no_folder = tempfile::NamedTempFile::new_in(dir.path().join("x")).unwrap_err();
        assert_eq!(of_system(&below_no_folder).unwrap().raw_os_error(), Some(Errno::NOENT.raw_os_error()));
        assert_eq!(InWords(&below_no_folder).to_string(), "No such file or directory");
    }

    #[test]
    fn words_have_no_number() {
        for number in [-1, 0, 4_096, i32::MAX].into_iter().chain(1..134) {
            let words = InWords(&io::Error::from_raw_os_error(number)).to_string();
            assert!(!words.is_empty() && !words.contains("os error"), "{words}");
        }
        assert_eq!(InWords(&io::Error::other("on fire")).to_string(), "on fire");
    }
}
