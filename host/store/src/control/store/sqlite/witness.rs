//! Who remembers how far the ledger went.

use switchback_system::private::NotPrivate;
use switchback_system::shortage::{self, in_full};

use super::register::all;
use super::{Mark, SqliteStore, StoreError, schema};
use crate::control::mark::{Who, Witness};
use crate::control::store::head::{HeadFile, HeadFileError};

impl SqliteStore {
    /// Everybody who remembers how far the ledger went: `control.head`, and each process that obeyed an event. What they
    /// say is in every ledger that is read after this.
    ///
    /// # Errors
    /// If the store cannot be read, or `control.head` is gone or damaged.
    pub(super) fn all_witnesses(&self) -> Result<Vec<Witness>, StoreError> {
        let (processes, has_head_file) =
            self.with(|open| Ok((all(&open.register)?, schema::has_head_file(&open.ledger)?)))?;
        let mut witnesses: Vec<_> = processes.iter().filter_map(super::StoreProcess::witness).collect();
        let file = self.head_file();
        match file.read() {
            Ok(mark) => witnesses.insert(0, Witness { who: Who::File(file.path().to_owned()), mark }),
            Err(HeadFileError::Gone) if !has_head_file => {}
            Err(HeadFileError::Io(error) | HeadFileError::File(NotPrivate::Unusable { source: error, .. }))
                if shortage::is_shortage(&error) =>
            {
                return Err(self.short(&error));
            }
            Err(HeadFileError::File(error)) => return Err(StoreError::Layout(error.into())),
            Err(error) => {
                return Err(StoreError::Unwitnessed { file: file.path().display().to_string(), why: in_full(&error) });
            }
        }
        Ok(witnesses)
    }

    /// Remembers how far the ledger went. Where that fails, whoever comes next does it.
    pub(crate) fn advance_head(&self, next: impl FnOnce(&Mark) -> Mark) {
        if let Err(error) = self.head_file().advance(next) {
            tracing::warn!(
                error = in_full(&error),
                "how far the ledger went could not be noted in control.head: one that is set back would be taken for whole"
            );
        }
    }

    pub(super) fn head_file(&self) -> HeadFile {
        HeadFile::at(self.layout().head_file())
    }
}
