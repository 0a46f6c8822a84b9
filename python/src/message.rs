//! Messages.

mod content;
mod features;
mod sender;

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};

pub(crate) use self::features::kind;
use crate::error;
use crate::given::{Given, bytes_of};
use crate::values::value;

/// A message to be scored: its bytes, and what a filter knows of it beside.
///
/// `raw` is bytes, anything with a buffer of bytes, or a message of Python's `email`. Any bytes make a message; `defects` tells what is
/// wrong with them. Nothing is parsed before somebody asks, and nothing twice.
///
/// The other arguments are what the SMTP transaction said (`mail_from`, `""` for the null sender, and `recipients`), the client
/// (`client_ip`, `client_helo`, `client_host`, which forward and reverse DNS have to agree on, `client_tls`), what the filter verified itself
/// (`authentication`), else whose `Authentication-Results` fields are trusted (`trust_authserv_ids`), the 32 bytes with which
/// recipients are hashed for models, and for which tenant the message is. By default nothing is known, and nobody is trusted.
#[pyclass(frozen, module = "switchback")]
pub(crate) struct Message {
    pub(crate) message: switchback::Message,
    made_of: MadeOf,
}

/// What a message can be made of again.
enum MadeOf {
    Raw(Box<Given>),
    Features,
}

impl Message {
    /// The message of bytes with what is known of it.
    pub(crate) fn given(py: Python<'_>, bytes: Vec<u8>, given: Given) -> PyResult<Self> {
        Ok(Self { message: given.message(py, bytes)?, made_of: MadeOf::Raw(given.into()) })
    }

    /// The message, or the one that bytes make.
    pub(crate) fn of(message: &Bound<'_, PyAny>) -> PyResult<switchback::Message> {
        match message.cast::<Self>() {
            Ok(message) => Ok(message.get().message.clone()),
            Err(_) => Ok(switchback::Message::parse(bytes_of(message)?)),
        }
    }

    /// [`of`](Self::of), unless nothing is known of the message but its features.
    pub(crate) fn whole(message: &Bound<'_, PyAny>) -> PyResult<switchback::Message> {
        match message.cast::<Self>() {
            Ok(featured) if matches!(featured.get().made_of, MadeOf::Features) => Err(error::invalid(
                message.py(),
                "of a message of features alone nothing can be masked: give the whole message",
            )),
            _ => Self::of(message),
        }
    }
}

/// The name, the address and the domain.
fn mailbox<'py>(py: Python<'py>, mailbox: &switchback::message::Mailbox) -> PyResult<Bound<'py, PyAny>> {
    value(py, "Mailbox", (&*mailbox.name, &*mailbox.address, &*mailbox.domain))
}

#[pymethods]
impl Message {
    #[new]
    #[pyo3(signature = (
        raw, *, mail_from=None, recipients=None, client_ip=None, client_helo=None, client_host=None, client_tls=None,
        authentication=None, trust_authserv_ids=Vec::new(), recipient_key=None, tenant=None
    ))]
    #[expect(clippy::too_many_arguments, reason = "they have names in Python")]
    fn new(
        raw: &Bound<'_, PyAny>,
        mail_from: Option<String>,
        recipients: Option<Vec<String>>,
        client_ip: Option<&Bound<'_, PyAny>>,
        client_helo: Option<String>,
        client_host: Option<String>,
        client_tls: Option<bool>,
        authentication: Option<&Bound<'_, PyAny>>,
        trust_authserv_ids: Vec<String>,
        recipient_key: Option<Vec<u8>>,
        tenant: Option<String>,
    ) -> PyResult<Self> {
        let py = raw.py();
        let (client_ip, authentication) = (text_of(client_ip)?, results(authentication)?);
        let given = Given {
            mail_from,
            recipients,
            client_ip,
            client_helo,
            client_host,
            client_tls,
            authentication,
            trust_authserv_ids,
            recipient_key,
            tenant,
        };
        Self::given(py, bytes_of(raw)?, given)
    }

    /// The whole message as it came.
    #[getter]
    fn raw<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.message.bytes())
    }

    /// The size of the whole message in bytes.
    #[getter]
    fn size(&self) -> u64 {
        self.message.size()
    }

    fn __len__(&self) -> usize {
        self.message.len()
    }

    /// Neither the text nor the addresses of a message belong in a log.
    fn __repr__(&self) -> String {
        format!("<Message sha256={} size={}>", &self.message.sha256_hex()[..12], self.message.len())
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        let (py, this, class) = (slf.py(), slf.get(), slf.get_type());
        let values = py.import("switchback._values")?;
        match &this.made_of {
            MadeOf::Raw(given) => {
                Ok((values.getattr("message")?, (class, this.raw(py), Given::clone(given)).into_pyobject(py)?))
            }
            MadeOf::Features => {
                let [words, pairs] = ["words", "pairs"].map(|kind| this.features(py, kind));
                let (structure, facts, truncated) = (this.structure(py)?, this.facts(py)?, this.truncated(py)?);
                let parts = (class, words?, pairs?, structure, facts, truncated);
                Ok((values.getattr("featured")?, parts.into_pyobject(py)?))
            }
        }
    }
}

fn text_of(value: Option<&Bound<'_, PyAny>>) -> PyResult<Option<String>> {
    value.map(|value| value.str()?.extract()).transpose()
}

/// Results of authentication as JSON, from a mapping or the named tuple.
fn results(given: Option<&Bound<'_, PyAny>>) -> PyResult<Option<String>> {
    let Some(given) = given else { return Ok(None) };
    let py = given.py();
    let mapping = if given.hasattr("_asdict")? { given.call_method0("_asdict")? } else { given.clone() };
    Ok(Some(py.import("switchback._values")?.call_method1("to_json", (mapping,))?.extract()?))
}
