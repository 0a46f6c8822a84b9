//! Messages from wherever people keep them.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::PyRuntimeWarning;
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use switchback_corpus::{Format, Missed, RawMessage, Reading, Sidecar};

use crate::error;
use crate::given::Given;
use crate::message::Message;
use crate::work::detached_always;

/// Messages in files, folders, mbox files and Maildirs, compressed or not, as every command of `switchback` reads them: pairs of a name
/// and a `Message`, in an order that is always the same.
///
/// `format` says what files are where that is not to be found out: `message`, `mbox`, `mboxo`, `mboxrd`, `mboxcl` or `mboxcl2`. What a file
/// `NAME.json` beside a message says of it is taken over, unless `sidecars` is false. What cannot be read, or is no mail, is in `unread`
/// after an iteration, and warned of.
#[pyclass(frozen, module = "switchback")]
pub(crate) struct Corpus {
    inputs: Vec<PathBuf>,
    reading: Reading,
    trust_authserv_ids: Vec<String>,
    said: Arc<Mutex<Vec<String>>>,
}

/// The names of formats.
const FORMATS: [(&str, Format); 7] = [
    ("auto", Format::Auto),
    ("message", Format::Message),
    ("mbox", Format::Mbox),
    ("mboxo", Format::Mboxo),
    ("mboxrd", Format::Mboxrd),
    ("mboxcl", Format::Mboxcl),
    ("mboxcl2", Format::Mboxcl2),
];

#[pymethods]
impl Corpus {
    #[new]
    #[pyo3(signature = (*inputs, format="auto", sidecars=true, trust_authserv_ids=Vec::new()))]
    fn new(
        inputs: &Bound<'_, PyTuple>,
        format: &str,
        sidecars: bool,
        trust_authserv_ids: Vec<String>,
    ) -> PyResult<Self> {
        let found = FORMATS.into_iter().find(|(name, _)| *name == format);
        let names = || FORMATS.map(|(name, _)| name).join(", ");
        let unknown = || error::invalid(inputs.py(), &format!("format `{format}`: there are {}", names()));
        let reading = Reading { format: found.ok_or_else(unknown)?.1, sidecars };
        Ok(Self { inputs: inputs.extract()?, reading, trust_authserv_ids, said: Arc::default() })
    }

    /// What was not read in the last iteration, and what was passed over: sentences for people.
    #[getter]
    fn unread(&self) -> Vec<String> {
        lock(&self.said).clone()
    }

    fn __iter__(&self, py: Python<'_>) -> PyResult<Messages> {
        let said = Arc::clone(&self.said);
        lock(&said).clear();
        let remark = move |remark: &str| lock(&said).push(remark.to_owned());
        let corpus = detached_always(py, || switchback_corpus::Corpus::open(&self.inputs, self.reading, remark))?;
        Ok(Messages {
            corpus: Mutex::new(corpus),
            missed: Mutex::default(),
            trust_authserv_ids: self.trust_authserv_ids.clone(),
            said: Arc::clone(&self.said),
        })
    }

    fn __repr__(&self) -> String {
        let inputs: Vec<_> = self.inputs.iter().map(|input| input.display().to_string()).collect();
        format!("<Corpus {}>", inputs.join(", "))
    }
}

/// One iteration over a corpus.
#[pyclass(frozen, module = "switchback")]
struct Messages {
    corpus: Mutex<switchback_corpus::Corpus>,
    missed: Mutex<Missed>,
    trust_authserv_ids: Vec<String>,
    said: Arc<Mutex<Vec<String>>>,
}

#[pymethods]
impl Messages {
    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<(String, Message)>> {
        loop {
            let next = detached_always(py, || lock(&self.corpus).next().map(|entry| entry.read()))?;
            match next {
                Some((name, Ok(raw))) => return Ok(Some((name, self.message(py, raw)?))),
                Some((name, Err(unread))) => {
                    lock(&self.missed).add(&unread);
                    lock(&self.said).push(unread.about(&name));
                }
                None => return self.end(py).map(|()| None),
            }
        }
    }
}

impl Messages {
    /// The message, with what its sidecar says.
    fn message(&self, py: Python<'_>, raw: RawMessage) -> PyResult<Message> {
        let Sidecar { envelope, client, authentication, tenant, .. } = raw.sidecar.unwrap_or_default();
        let authentication = authentication.map(|results| serde_json::to_string(&results).unwrap_or_default());
        let (mail_from, recipients) =
            envelope.map_or((None, None), |envelope| (envelope.mail_from, Some(envelope.recipients)));
        let given = Given {
            mail_from,
            recipients,
            client_ip: client.ip.map(|ip| ip.to_string()),
            client_helo: client.helo,
            client_host: client.host,
            client_tls: client.tls,
            authentication,
            trust_authserv_ids: self.trust_authserv_ids.clone(),
            recipient_key: None,
            tenant,
        };
        Message::given(py, raw.bytes, given)
    }

    /// Warns of what was not read, once.
    fn end(&self, py: Python<'_>) -> PyResult<()> {
        let missed = std::mem::take(&mut *lock(&self.missed));
        if !missed.any() {
            return Ok(());
        }
        let said = format!("not every message was read ({missed}): `Corpus.unread` says which, and why");
        let text = std::ffi::CString::new(said).unwrap_or_default();
        PyErr::warn(py, &py.get_type::<PyRuntimeWarning>(), &text, 2)
    }
}

fn lock<T>(locked: &Mutex<T>) -> MutexGuard<'_, T> {
    locked.lock().unwrap_or_else(PoisonError::into_inner)
}
