//! The message as a guest holds it.

use wasmtime::component::Resource;

/// The resource that a guest borrows. It stands for the one message of the store, so its number says
/// nothing and no table is kept.
#[derive(Debug)]
pub struct BorrowedMessage;

/// The handle that a guest is given.
pub(crate) fn borrowed() -> Resource<BorrowedMessage> {
    Resource::new_borrow(0)
}
