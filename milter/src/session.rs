//! What is known of a connection of a mail server, and of the message that is coming on it.

use std::ffi::{CStr, CString};

use indymilter::{Macros, SocketInfo};
use switchback::Client;
use switchback_gateway::door::client_address;
use switchback_gateway::{Text, Transaction};

use crate::message::Incoming;
use crate::messages::Running;
use crate::negotiation::Agreed;

/// A connection. It may bring many messages, one after the other, and several clients.
#[derive(Debug, Default)]
pub(crate) struct Session {
    pub(crate) agreed: Agreed,
    client: Client,
    message: Option<Incoming>,
}

impl Session {
    pub(crate) fn new(agreed: Agreed) -> Self {
        Self { agreed, ..Self::default() }
    }

    /// A client has connected to the mail server.
    pub(crate) fn connect(&mut self, macros: &Macros, host: &CStr, socket: &SocketInfo) {
        let ip = match socket {
            SocketInfo::Inet(address) => Some(address.ip()),
            _ => text(macros, c"{client_addr}").and_then(|address| client_address(&address)),
        };
        let client = ip.into_iter().fold(Client::new(), Client::ip);
        let host = host.to_string_lossy();
        self.client = if is_confirmed(macros, &host) { client.host(&host) } else { client };
        self.message = None;
    }

    /// The client has given its name.
    pub(crate) fn helo(&mut self, name: &CStr) {
        self.client = std::mem::take(&mut self.client).helo(&name.to_string_lossy());
    }

    /// A message begins. Its sender comes with parameters, or not at all.
    pub(crate) fn mail(&mut self, macros: &Macros, arguments: &[CString], empty: Text, running: Running) {
        let mut transaction = Transaction::new();
        transaction.client = self.client.clone();
        if text(macros, c"{tls_version}").is_some() {
            transaction.client = transaction.client.tls(true);
        }
        let (sender, parameters) = address(arguments);
        transaction.envelope = transaction.envelope.mail_from(&sender);
        transaction.mail_parameters = parameters;
        transaction.user = text(macros, c"{auth_authen}");
        transaction.server = text(macros, c"j");
        transaction.is_before_received = true;
        self.message = Some(Incoming::new(transaction, empty, running));
    }

    /// The message that is coming, if any is.
    pub(crate) fn message(&mut self) -> Option<&mut Incoming> {
        self.message.as_mut()
    }

    /// A recipient that the mail server has accepted.
    pub(crate) fn recipient(&mut self, arguments: &[CString]) {
        if let Some(message) = &mut self.message {
            let (recipient, parameters) = address(arguments);
            message.recipient(&recipient, parameters);
        }
    }

    /// The message is complete: nothing of it stays here. Its name in the queue is known by now.
    pub(crate) fn take(&mut self, macros: &Macros) -> Option<Incoming> {
        let mut message = self.message.take()?;
        message.transaction.queue_id = text(macros, c"i");
        Some(message)
    }

    /// The message is given up; the connection goes on.
    pub(crate) fn forget(&mut self) {
        self.message = None;
    }
}

/// An address with its parameters. A mail server may give none for a message of its own.
fn address(arguments: &[CString]) -> (String, Vec<String>) {
    let mut arguments = arguments.iter().map(|argument| argument.to_string_lossy().into_owned());
    (arguments.next().unwrap_or_default(), arguments.collect())
}

/// Whether a host name is one that forward and reverse DNS agree on: Postfix says `unknown` of others, Sendmail passes the
/// address instead, or the name and how it was resolved.
fn is_confirmed(macros: &Macros, host: &str) -> bool {
    let is_name = !host.is_empty() && host != "unknown" && !host.starts_with('[');
    is_name && text(macros, c"{client_resolve}").is_none_or(|resolved| resolved == "OK")
}

fn text(macros: &Macros, name: &CStr) -> Option<String> {
    macros.get(name).map(|value| value.to_string_lossy().into_owned()).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    // sendmail-pmilter#5: messages that a mail server makes itself come without arguments.
    #[test]
    fn an_address_may_be_missing() {
        assert_eq!(address(&[]), (String::new(), Vec::new()));
        let arguments = [c"<a@b.example>".to_owned(), c"SIZE=7".to_owned(), c"BODY=8BITMIME".to_owned()];
        let (sender, parameters) = address(&arguments);
        assert_eq!((&*sender, parameters), ("<a@b.example>", vec!["SIZE=7".to_owned(), "BODY=8BITMIME".to_owned()]));
    }
}
