//! Who sent a message, to whom, and how sure that is.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};

use super::{Message, mailbox};
use crate::values::{list, value};
use crate::work::detached_always;

#[pymethods]
impl Message {
    /// Who the message is from, as far as its header tells: certain, or with every address that it may be.
    #[getter]
    fn author<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let author = detached_always(py, || self.message.author())?;
        let certain = author.mailbox().map(|one| mailbox(py, one)).transpose()?;
        let candidates = list(py, author.candidates(), |one| mailbox(py, one))?;
        value(py, "Author", (certain, candidates, author.doubt().map(|doubt| doubt.name()), author.is_complete()))
    }

    /// What is known of the author: `authenticated`, `unauthenticated`, `unchecked` or `uncertain`.
    #[getter]
    fn authorship(&self, py: Python<'_>) -> PyResult<&'static str> {
        detached_always(py, || self.message.authorship().name())
    }

    /// Whether a result that passed names the author's very domain. Where nobody checked, nobody is.
    #[getter]
    fn is_sender_authenticated(&self, py: Python<'_>) -> PyResult<bool> {
        detached_always(py, || self.message.is_sender_authenticated())
    }

    /// The organisational domain of the author; none where nobody can tell who that is.
    #[getter]
    fn sender_domain(&self, py: Python<'_>) -> PyResult<Option<&str>> {
        detached_always(py, || self.message.sender_domain())
    }

    /// For which tenant the message is.
    #[getter]
    fn tenant(&self) -> Option<&str> {
        self.message.tenant()
    }

    /// What the SMTP transaction said; none if nobody told.
    #[getter]
    fn envelope<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let envelope = self.message.envelope().map(|envelope| {
            let recipients: Vec<_> = envelope.recipients.iter().map(|address| &**address).collect();
            value(py, "Envelope", (envelope.mail_from.as_deref(), PyTuple::new(py, recipients)?))
        });
        envelope.transpose()
    }

    /// The envelope's recipients, at most 100, with the keys that models know them by.
    #[getter]
    fn recipients<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let items = detached_always(py, || self.message.recipients().items)?;
        list(py, items, |one| value(py, "Recipient", (&*one.address, &*one.domain, &*one.key)))
    }

    /// The SMTP client.
    #[getter]
    fn client<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let client = self.message.client();
        let ip = client.ip.map(|ip| ip.to_string());
        value(py, "Client", (ip, client.helo.as_deref(), client.host.as_deref(), client.tls))
    }

    /// Sender authentication: what the filter said, else what the trusted `Authentication-Results` fields say.
    #[getter]
    fn authentication<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let found = crate::json::to_python(py, detached_always(py, || self.message.authentication())?)?;
        let class = py.import("switchback._values")?.getattr("Authentication")?;
        class.call((), Some(found.cast::<PyDict>()?))
    }
}
