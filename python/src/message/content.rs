//! What a message says.

use pyo3::prelude::*;
use pyo3::types::PyList;
use switchback::message::{FeatureKind, Recipients};

use super::{Message, mailbox};
use crate::values::{list, value};
use crate::work::detached_always;

#[pymethods]
impl Message {
    /// SHA-256 of the whole message, as 64 hexadecimal digits.
    #[getter]
    fn sha256(&self, py: Python<'_>) -> PyResult<String> {
        detached_always(py, || self.message.sha256_hex())
    }

    /// What the message says, as a digest of 64 hexadecimal digits: the same for a campaign that is sent again.
    #[getter]
    fn content_digest(&self, py: Python<'_>) -> PyResult<String> {
        detached_always(py, || hex(&self.message.content_digest()))
    }

    /// What the filter told beside the bytes, as a digest of 64 hexadecimal digits.
    #[getter]
    fn context_digest(&self, py: Python<'_>) -> PyResult<String> {
        detached_always(py, || hex(&self.message.context_digest()))
    }

    /// The campaign that the message belongs to. `docs/fingerprint.md` has the algorithm, and how often it errs.
    #[getter]
    fn fingerprint(&self, py: Python<'_>) -> PyResult<String> {
        detached_always(py, || self.message.fingerprint().to_string())
    }

    /// The decoded subject; empty if there is none.
    #[getter]
    fn subject(&self, py: Python<'_>) -> PyResult<&str> {
        detached_always(py, || &**self.message.subject())
    }

    /// The mailboxes of `From`, as models see them, at most 16.
    #[getter]
    fn from_<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        list(py, detached_always(py, || self.message.from())?, |one| mailbox(py, one))
    }

    /// The mailboxes of `Reply-To`, at most 16.
    #[getter]
    fn reply_to<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        list(py, detached_always(py, || self.message.reply_to())?, |one| mailbox(py, one))
    }

    /// The time that `Date` states, in seconds since 1970-01-01 UTC; none if it is missing or cannot be read.
    #[getter]
    fn date(&self, py: Python<'_>) -> PyResult<Option<i64>> {
        detached_always(py, || self.message.date())
    }

    /// What a person reads, at most 262,144 bytes of it.
    #[getter]
    fn text(&self, py: Python<'_>) -> PyResult<&str> {
        detached_always(py, || self.message.text(usize::MAX).value)
    }

    /// The HTML body, decoded, at most 262,144 bytes of it; empty if there is none.
    #[getter]
    fn html(&self, py: Python<'_>) -> PyResult<&str> {
        detached_always(py, || self.message.html(usize::MAX).value)
    }

    /// The links of the body, in order, at most 512.
    #[getter]
    fn links<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let links = detached_always(py, || self.message.links(usize::MAX))?;
        list(py, links.items, |link| value(py, "Link", (&*link.url, &*link.host, &*link.text)))
    }

    /// The attachments, at most 64.
    #[getter]
    fn attachments<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let found = detached_always(py, || self.message.attachments())?;
        list(py, found.items, |one| value(py, "Attachment", (&*one.name, &*one.media_type, one.size, &*one.sha256)))
    }

    /// Which of text, HTML, links, attachments, header fields, words, pairs and structure are more than are shown.
    #[getter]
    pub(super) fn truncated(&self, py: Python<'_>) -> PyResult<Vec<&'static str>> {
        detached_always(py, || {
            let message = &self.message;
            let all = [
                ("text", message.text(usize::MAX).truncated),
                ("html", message.html(usize::MAX).truncated),
                ("links", message.links(usize::MAX).truncated),
                ("attachments", message.attachments().truncated),
                ("headers", message.headers(Recipients::Masked).truncated),
                ("words", message.features(FeatureKind::Words).is_truncated()),
                ("pairs", message.features(FeatureKind::Pairs).is_truncated()),
                ("structure", message.structure().is_truncated()),
            ];
            all.into_iter().filter(|(_, is_truncated)| *is_truncated).map(|(name, _)| name).collect()
        })
    }

    /// All header fields but those that models may not see, at most 512: verdicts of other filters never, recipients where
    /// `recipients` says so.
    #[pyo3(signature = (*, recipients=false))]
    fn headers<'py>(&self, py: Python<'py>, recipients: bool) -> PyResult<Bound<'py, PyList>> {
        let fields = detached_always(py, || self.message.headers(self::recipients(recipients)))?;
        list(py, &fields.items, |field| value(py, "Header", (&*field.name, &*field.value)))
    }

    /// The values of every field of this name, in whatever case, at most 64; none of a hidden one.
    #[pyo3(signature = (name, *, recipients=false))]
    fn header(&self, py: Python<'_>, name: &str, recipients: bool) -> PyResult<Vec<String>> {
        let values = detached_always(py, || self.message.header(name, self::recipients(recipients)))?;
        Ok(values.iter().map(|value| value.to_string()).collect())
    }

    /// How many there are of what, hidden header fields aside.
    #[getter]
    fn counts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let found = detached_always(py, || self.message.counts(Recipients::Masked))?;
        value(py, "Counts", (found.headers, found.received, found.parts, found.attachments, found.recipients))
    }

    /// How many bytes of the HTML body's text are hidden from which mail programs.
    #[getter]
    fn hidden_text<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let hidden = detached_always(py, || self.message.hidden_text())?;
        value(py, "HiddenText", (hidden.web, hidden.outlook, hidden.only_outlook))
    }

    /// What is wrong with the message as bytes.
    #[getter]
    fn defects(&self, py: Python<'_>) -> PyResult<Vec<&'static str>> {
        detached_always(py, || self.message.defects().names().collect())
    }
}

fn recipients(granted: bool) -> Recipients {
    if granted { Recipients::Granted } else { Recipients::Masked }
}

fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
