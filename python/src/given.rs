//! What a message is made of, as Python gives it.

use std::net::IpAddr;

use pyo3::buffer::PyBuffer;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use switchback::message::MessageBuilder;
use switchback::{Authentication, Client, Envelope, Message};

use crate::error;

/// What the filter knows beside the bytes. Its names are those of the arguments of `Message`.
#[derive(Clone, Default, IntoPyObject)]
pub(crate) struct Given {
    pub(crate) mail_from: Option<String>,
    pub(crate) recipients: Option<Vec<String>>,
    pub(crate) client_ip: Option<String>,
    pub(crate) client_helo: Option<String>,
    pub(crate) client_host: Option<String>,
    pub(crate) client_tls: Option<bool>,
    pub(crate) authentication: Option<String>,
    pub(crate) trust_authserv_ids: Vec<String>,
    pub(crate) recipient_key: Option<Vec<u8>>,
    pub(crate) tenant: Option<String>,
}

impl Given {
    /// The message.
    pub(crate) fn message(&self, py: Python<'_>, bytes: Vec<u8>) -> PyResult<Message> {
        let invalid = |why: String| error::invalid(py, &why);
        let mut builder = Message::builder(bytes).client(self.client(py)?);
        if self.mail_from.is_some() || self.recipients.is_some() {
            builder = builder.envelope(self.envelope());
        }
        if let Some(json) = &self.authentication {
            let read: Authentication =
                serde_json::from_str(json).map_err(|failed| invalid(format!("authentication: {failed}")))?;
            builder = builder.authentication(read);
        }
        builder = self.trust_authserv_ids.iter().fold(builder, MessageBuilder::trust_authserv_id);
        if let Some(key) = &self.recipient_key {
            let key = key.as_slice().try_into();
            builder = builder.recipient_key(key.map_err(|_| invalid("recipient_key: it takes 32 bytes".to_owned()))?);
        }
        Ok(self.tenant.iter().fold(builder, |builder, tenant| builder.tenant(tenant)).build())
    }

    fn envelope(&self) -> Envelope {
        let envelope = self.mail_from.iter().fold(Envelope::new(), |envelope, address| envelope.mail_from(address));
        self.recipients.iter().flatten().fold(envelope, |envelope, address| envelope.recipient(address))
    }

    fn client(&self, py: Python<'_>) -> PyResult<Client> {
        let mut client = Client::new();
        if let Some(text) = &self.client_ip {
            let ip: Result<IpAddr, _> = text.parse();
            client = client.ip(ip.map_err(|failed| error::invalid(py, &format!("client_ip `{text}`: {failed}")))?);
        }
        client = self.client_helo.iter().fold(client, |client, name| client.helo(name));
        client = self.client_host.iter().fold(client, |client, name| client.host(name));
        Ok(self.client_tls.into_iter().fold(client, Client::tls))
    }
}

/// The bytes of a message: bytes and whatever else has a buffer of them, or a message of Python's `email`.
pub(crate) fn bytes_of(raw: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
    if let Ok(bytes) = raw.cast::<PyBytes>() {
        return Ok(bytes.as_bytes().to_vec());
    }
    if let Ok(buffer) = PyBuffer::<u8>::get(raw) {
        // With its strides, whatever they are; nobody can change the copy.
        return buffer.to_vec(raw.py());
    }
    if raw.is_instance(&raw.py().import("email.message")?.getattr("Message")?)? {
        return bytes_of(&raw.call_method0("as_bytes")?);
    }
    Err(PyTypeError::new_err(format!(
        "a message is bytes, what has a buffer of bytes, or an email.message.Message, and not {}; Corpus reads files and folders",
        raw.get_type().name()?
    )))
}
