//! Name servers, and the time that they have.

use mail_auth::MessageAuthenticator;
use tokio::time::{Instant, timeout_at};

/// Name servers, and the time until which they are asked.
pub(super) struct Lookups<'a> {
    pub(super) resolver: &'a MessageAuthenticator,
    deadline: Instant,
}

impl<'a> Lookups<'a> {
    pub(super) fn new(resolver: &'a MessageAuthenticator, deadline: Instant) -> Self {
        Self { resolver, deadline }
    }

    /// The same name servers, with another deadline.
    pub(super) fn until(&self, deadline: Instant) -> Self {
        Self { resolver: self.resolver, deadline }
    }

    /// What comes of it; none if it takes longer than there is time.
    pub(super) async fn within<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        timeout_at(self.deadline, work).await.ok()
    }
}
