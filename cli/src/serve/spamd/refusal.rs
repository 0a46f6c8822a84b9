//! Why a request is not answered with a verdict.

use switchback_gateway::Reply;

/// Why there is no verdict.
#[derive(Debug)]
pub(super) struct Refusal {
    /// Of `sysexits.h`.
    code: u8,
    name: &'static str,
    why: String,
}

impl Refusal {
    /// The client does not speak the protocol.
    pub(super) fn protocol(why: impl Into<String>) -> Self {
        Self { code: 76, name: "EX_PROTOCOL", why: why.into() }
    }

    /// The message is not one that can be answered about.
    pub(super) fn data(why: impl Into<String>) -> Self {
        Self { code: 65, name: "EX_DATAERR", why: why.into() }
    }

    /// The message is too long to be sent back with its changes.
    pub(super) fn too_long_to_return(bytes_max: u64) -> Self {
        let why = format!("of more than {bytes_max} bytes only the beginning is kept: ask for HEADERS or CHECK");
        Self::data(why)
    }

    /// Nothing is learnt here.
    pub(super) fn learning() -> Self {
        let why = "models do not learn from single messages: `switchback allow` and `switchback block` change what is done \
                   with a sender, and a new release changes the rest";
        Self { code: 69, name: "EX_UNAVAILABLE", why: why.to_owned() }
    }

    /// The client is to try again.
    pub(super) fn later(why: &Reply) -> Self {
        Self { code: 75, name: "EX_TEMPFAIL", why: why.text().to_owned() }
    }

    /// There is no memory to keep the message until it can be sent back.
    pub(super) fn no_memory() -> Self {
        Self { code: 75, name: "EX_TEMPFAIL", why: "there is no memory for the message now".to_owned() }
    }

    pub(super) fn why(&self) -> &str {
        &self.why
    }

    pub(super) fn reply(&self) -> Vec<u8> {
        let Self { code, name, why } = self;
        format!("SPAMD/1.5 {code} {name}: {why}\r\n").into_bytes()
    }
}
