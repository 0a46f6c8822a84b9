//! Requests that a proxy is to pass on.

use ureq::Error;
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout, Transport};

/// The method of all requests here, up to where the address begins.
const METHOD: &[u8] = b"POST ";

/// Gives requests the form that a proxy passes on, which names the origin: `POST http://hooks.example/mail HTTP/1.1` (RFC
/// 9112, section 3.2.2). For connections of one request.
#[derive(Clone, Debug)]
pub(super) struct Forward {
    /// `http://hooks.example`
    pub(super) origin: String,
}

impl<In: Transport> Connector<In> for Forward {
    type Out = Forwarding<In>;

    fn connect(&self, _: &ConnectionDetails<'_>, chained: Option<In>) -> Result<Option<Self::Out>, Error> {
        Ok(chained.map(|to| Forwarding { to, origin: Some(self.origin.clone().into_bytes()) }))
    }
}

/// A connection to a proxy.
#[derive(Debug)]
pub(super) struct Forwarding<T> {
    to: T,
    /// None once a request has it.
    origin: Option<Vec<u8>>,
}

impl<T: Transport> Transport for Forwarding<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.to.buffers()
    }

    fn transmit_output(&mut self, mut amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        if let Some(origin) = self.origin.take() {
            let output = self.to.buffers().output();
            let (from, all) = (METHOD.len(), amount + origin.len());
            if output.len() < all || !output.starts_with(METHOD) {
                return Err(Error::ConnectionFailed);
            }
            output.copy_within(from..amount, from + origin.len());
            output[from..from + origin.len()].copy_from_slice(&origin);
            amount = all;
        }
        self.to.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.to.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        // Its first request only has the origin in it.
        false
    }

    fn is_tls(&self) -> bool {
        self.to.is_tls()
    }
}
