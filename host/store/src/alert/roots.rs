//! Which authorities a server's certificate may be from.

use std::env;
use std::sync::Arc;

use rustls_native_certs::load_native_certs;
use ureq::tls::{Certificate, RootCerts};

/// Where an operator says which, as for OpenSSL and who follows it.
const NAMED_BY: [&str; 2] = ["SSL_CERT_FILE", "SSL_CERT_DIR"];

/// Those that `SSL_CERT_FILE` and `SSL_CERT_DIR` name, these alone; without them, the system's; those of Mozilla that are
/// compiled in where the system has none, as in small containers. Read anew for each alert: they change in a process's life.
pub(super) fn trusted() -> Result<RootCerts, String> {
    let found = load_native_certs();
    if !found.certs.is_empty() {
        let certificates = found.certs.iter().map(|found| Certificate::from_der(found).to_owned());
        return Ok(RootCerts::Specific(Arc::new(certificates.collect())));
    }
    match NAMED_BY.into_iter().find(|name| env::var_os(name).is_some()) {
        None => Ok(RootCerts::WebPki),
        Some(name) => {
            let why = found.errors.first().map_or("there is none in it".to_owned(), ToString::to_string);
            Err(format!("{name} names no certificate of an authority: {why}"))
        }
    }
}
