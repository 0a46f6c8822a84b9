//! Messages from wherever people keep them.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::PyRuntimeWarning;
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use switchback_corpus::{Format, Missed, RawMessage, Reading, Sidecar, Unread};
use switchback_train::Folders;

use crate::error;
use crate::given::Given;
use crate::message::Message;
use crate::training::label;
use crate::work::detached_always;

/// Messages in files, folders, mbox files and Maildirs, compressed or not, as every command of `switchback` reads them: pairs of a name
/// and a `Message`, in an order that is always the same.
///
/// `format` says what files are where that is not to be found out: `message`, `mbox`, `mboxo`, `mboxrd`, `mboxcl` or `mboxcl2`. What a file
/// `NAME.json` beside a message says of it is taken over, unless `sidecars` is false. With `label`, `ham` or `spam`, messages are passed over
/// that are no label, as `switchback train` does: in folders for trash, for sent mail and drafts, in those for junk where wanted mail is
/// looked for, unless they are named, and what is marked as deleted or a draft. What cannot be read, or is no mail, is in `unread` after an iteration, and warned of.
#[pyclass(frozen, module = "switchback")]
pub(crate) struct Corpus {
    inputs: Vec<PathBuf>,
    reading: Reading,
    trust_authserv_ids: Vec<String>,
    label: Option<Folders>,
    said: Arc<Mutex<Vec<String>>>,
    passed_over: Arc<AtomicU64>,
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
    #[pyo3(signature = (*inputs, format="auto", sidecars=true, trust_authserv_ids=Vec::new(), label=None))]
    fn new(
        inputs: &Bound<'_, PyTuple>,
        format: &str,
        sidecars: bool,
        trust_authserv_ids: Vec<String>,
        label: Option<&str>,
    ) -> PyResult<Self> {
        let found = FORMATS.into_iter().find(|(name, _)| *name == format);
        let names = || FORMATS.map(|(name, _)| name).join(", ");
        let unknown = || error::invalid(inputs.py(), &format!("format `{format}`: there are {}", names()));
        let reading = Reading { format: found.ok_or_else(unknown)?.1, sidecars };
        let label = label.map(|name| self::label(inputs.py(), name)).transpose()?;
        let inputs: Vec<PathBuf> = inputs.extract()?;
        let label = label.map(|label| Folders::new(&inputs, label));
        Ok(Self { inputs, reading, trust_authserv_ids, label, said: Arc::default(), passed_over: Arc::default() })
    }

    /// What was not read in the last iteration, and what was passed over: sentences for people.
    #[getter]
    fn unread(&self) -> Vec<String> {
        lock(&self.said).clone()
    }

    /// How many messages were no label in the last iteration.
    #[getter]
    fn passed_over(&self) -> u64 {
        self.passed_over.load(Ordering::Relaxed)
    }

    fn __iter__(&self, py: Python<'_>) -> PyResult<Messages> {
        let said = Arc::clone(&self.said);
        lock(&said).clear();
        self.passed_over.store(0, Ordering::Relaxed);
        let remark = move |remark: &str| lock(&said).push(remark.to_owned());
        let corpus = detached_always(py, || switchback_corpus::Corpus::open(&self.inputs, self.reading, remark))?;
        Ok(Messages {
            corpus: Mutex::new(corpus),
            missed: Mutex::default(),
            trust_authserv_ids: self.trust_authserv_ids.clone(),
            label: self.label.clone(),
            said: Arc::clone(&self.said),
            passed_over: Arc::clone(&self.passed_over),
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
    label: Option<Folders>,
    said: Arc<Mutex<Vec<String>>>,
    passed_over: Arc<AtomicU64>,
}

#[pymethods]
impl Messages {
    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<(String, Message)>> {
        loop {
            // Nothing may come for long: of a folder of what is no label, or no mail.
            py.check_signals()?;
            match detached_always(py, || self.next())? {
                Some((name, Some(Ok(raw)))) => {
                    let message = self.message(py, raw)?;
                    if !self.label.as_ref().is_some_and(|label| label.passes_over_by_header(&message.message)) {
                        return Ok(Some((name, message)));
                    }
                    self.passed_over.fetch_add(1, Ordering::Relaxed);
                }
                Some((_, None)) => {
                    self.passed_over.fetch_add(1, Ordering::Relaxed);
                }
                Some((name, Some(Err(unread)))) => {
                    lock(&self.missed).add(&unread);
                    lock(&self.said).push(unread.about(&name));
                }
                None => return self.end(py).map(|()| None),
            }
        }
    }
}

impl Messages {
    /// The next message, if it can be read; nothing of one that is no label.
    fn next(&self) -> Option<(String, Option<Result<RawMessage, Unread>>)> {
        let entry = lock(&self.corpus).next()?;
        if self.label.as_ref().is_some_and(|label| label.passes_over(entry.name())) {
            return Some((entry.name().to_owned(), None));
        }
        let (name, read) = entry.read();
        Some((name, Some(read)))
    }

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
