//! Noticing that this process is a fork of the one in which something was made.
//!
//! Of a process that forks, the child has the memory and one thread. Whatever threads, locks and connections something had
//! are those of the parent: to use it would wait for nobody, and to close it would close what the parent uses.

use std::process;
use std::sync::{Mutex, PoisonError};

use switchback_model::gone::Forked;

/// The process in which something was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin(u32);

impl Origin {
    /// This process.
    pub fn here() -> Self {
        Self(process::id())
    }

    /// Another process than this one.
    #[cfg(test)]
    pub(crate) fn elsewhere() -> Self {
        Self(process::id() + 1)
    }

    /// Whether this is another process than that one, so a fork of it.
    pub fn is_elsewhere(self) -> bool {
        self != Self::here()
    }

    /// # Errors
    /// If this is another process than that one.
    pub fn check(self) -> Result<(), Forked> {
        if self.is_elsewhere() { Err(Forked::made_in(self.0)) } else { Ok(()) }
    }
}

/// A database that this process has open, as long as this is there.
///
/// What SQLite knows of open files and their locks is kept for the whole process, and a fork copies it: a child that opened
/// the same database would believe in locks that it does not have (<https://sqlite.org/howtocorrupt.html>, 2.6). So while
/// something was open when a process forked, the child opens nothing.
#[derive(Debug)]
pub struct Opened(Origin);

/// Who has opened what is open, and how many there are.
static OPEN: Mutex<Option<(Origin, usize)>> = Mutex::new(None);

impl Opened {
    /// One more is open.
    ///
    /// # Errors
    /// If something is open that the parent of this process has opened.
    pub fn one_more() -> Result<Self, Forked> {
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        let here = Origin::here();
        match &mut *open {
            Some((origin, count)) if *count > 0 => {
                origin.check()?;
                *count += 1;
            }
            none => *none = Some((here, 1)),
        }
        Ok(Self(here))
    }

    /// Whether it is the parent's.
    pub fn is_elsewhere(&self) -> bool {
        self.0.is_elsewhere()
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        // In a fork it stays open, as it does in the parent.
        if self.is_elsewhere() {
            return;
        }
        if let Some((_, count)) = &mut *OPEN.lock().unwrap_or_else(PoisonError::into_inner) {
            *count = count.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_made_in_another_process_says_in_which() {
        assert_eq!(Origin::here().check(), Ok(()));
        let parent = Origin::elsewhere();
        assert!(parent.is_elsewhere());
        let refused = parent.check().unwrap_err();
        assert_eq!(refused.made_in, process::id() + 1);
        assert!(refused.to_string().contains("make it after the fork"));
    }
}
