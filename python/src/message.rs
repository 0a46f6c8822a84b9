//! Messages.

use std::sync::Arc;

use pyo3::buffer::{Element, PyBuffer};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyTuple};
use switchback::message::{Fact, Facts, FeatureKind, Features, Recipients, Structure};

use crate::error;
use crate::given::{Given, bytes_of};
use crate::values::{array, list, value};
use crate::work::detached_always;

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

/// The name, the address and the domain.
fn mailbox<'py>(py: Python<'py>, mailbox: &switchback::message::Mailbox) -> PyResult<Bound<'py, PyAny>> {
    value(py, "Mailbox", (&*mailbox.name, &*mailbox.address, &*mailbox.domain))
}

fn recipients(granted: bool) -> Recipients {
    if granted { Recipients::Granted } else { Recipients::Masked }
}

/// The kind of this name.
pub(crate) fn kind(py: Python<'_>, name: &str) -> PyResult<FeatureKind> {
    let known = || FeatureKind::ALL.map(FeatureKind::name).join(", ");
    let found = FeatureKind::ALL.into_iter().find(|kind| kind.name() == name);
    found.ok_or_else(|| error::invalid(py, &format!("there are no features `{name}`; there are {}", known())))
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

    /// A message of which nothing is known but its words, its pairs of words, its structure and its facts, as a journal keeps them and
    /// a message has them: features by field, facts in the order of `FACTS`. Releases that read nothing else score it as they would
    /// the whole message. Arrays are taken with whatever strides they have, and copied. `truncated` names the kinds of which there
    /// were more.
    #[staticmethod]
    #[pyo3(signature = (words, pairs, structure, facts, *, truncated=Vec::new()))]
    fn from_features(
        words: &Bound<'_, PyDict>,
        pairs: &Bound<'_, PyDict>,
        structure: &Bound<'_, PyAny>,
        facts: &Bound<'_, PyAny>,
        truncated: Vec<String>,
    ) -> PyResult<Self> {
        let py = facts.py();
        let values = numbers::<f32>(facts, "facts")?;
        let count = values.len();
        let values =
            values.try_into().map_err(|_| error::invalid(py, &format!("facts: {count} of {}", Fact::COUNT)))?;
        let is_truncated = |kind: &str| truncated.iter().any(|name| name == kind);
        let words = Features::new(fields(words, "words")?, is_truncated("words"));
        let pairs = Features::new(fields(pairs, "pairs")?, is_truncated("pairs"));
        let structure = Structure::new(numbers::<u32>(structure, "structure")?.into(), is_truncated("structure"));
        let message = switchback::Message::from_features(words, pairs, structure, Facts::new(values));
        Ok(Self { message, made_of: MadeOf::Features })
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
    fn truncated(&self, py: Python<'_>) -> PyResult<Vec<&'static str>> {
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

    /// The features of one kind (`words`, `pairs` or `grams`): by field an array of hashes, each once.
    #[pyo3(signature = (kind="words"))]
    fn features<'py>(&self, py: Python<'py>, kind: &str) -> PyResult<Bound<'py, PyDict>> {
        let kind = self::kind(py, kind)?;
        let found = detached_always(py, || self.message.features(kind))?;
        let by_field = PyDict::new(py);
        for (name, hashes) in Features::FIELDS.into_iter().zip(found.fields()) {
            by_field.set_item(name, array(py, hashes.iter().map(|hash| hash.to_le_bytes()), "<u4")?)?;
        }
        Ok(by_field)
    }

    /// What the message is made of, as an array of hashes: names of header fields, media types, character sets, and more.
    #[getter]
    fn structure<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let found = detached_always(py, || self.message.structure())?;
        array(py, found.features().iter().map(|hash| hash.to_le_bytes()), "<u4")
    }

    /// What models want to know beside words, as an array of 32 numbers, in the order of `FACTS`.
    #[getter]
    fn facts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let found = detached_always(py, || self.message.facts())?;
        array(py, found.values().iter().map(|fact| fact.to_le_bytes()), "<f4")
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

fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
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

/// The numbers of an array, in the order of their indices, whatever its strides.
fn numbers<T: Element>(array: &Bound<'_, PyAny>, what: &str) -> PyResult<Vec<T>> {
    let py = array.py();
    let wrong = |failed: PyErr| error::invalid(py, &format!("{what}: {}", failed.value(py)));
    PyBuffer::<T>::get(array).and_then(|buffer| buffer.to_vec(py)).map_err(wrong)
}

/// The features of a kind, from arrays by field; a field that is missing has none.
fn fields(by_field: &Bound<'_, PyDict>, kind: &str) -> PyResult<[Arc<[u32]>; 4]> {
    let mut all = Features::FIELDS.map(|_| Arc::default());
    for (name, hashes) in by_field {
        let name: String = name.extract()?;
        let Some(place) = Features::FIELDS.iter().position(|known| *known == name) else {
            return Err(error::invalid(by_field.py(), &format!("{kind}: there is no field `{name}`")));
        };
        all[place] = numbers::<u32>(&hashes, &format!("{kind}.{name}"))?.into();
    }
    Ok(all)
}
