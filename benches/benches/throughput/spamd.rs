//! spamd's protocol, as spamc speaks it: a connection for each message.

use std::io::{self, Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Instant;

use crate::client::{Answer, Answered, Client, odd};
use crate::mail::Mail;

/// A client of this socket.
pub(crate) struct Spamc(pub(crate) PathBuf);

impl Client for Spamc {
    fn send(&mut self, mail: &Mail) -> io::Result<Answered> {
        let begun = Instant::now();
        let mut stream = UnixStream::connect(&self.0)?;
        let head = format!("CHECK SPAMC/1.5\r\nUser: nobody\r\nContent-length: {}\r\n\r\n", mail.file.len());
        stream.write_all(&[head.as_bytes(), &mail.file].concat())?;
        stream.shutdown(Shutdown::Write)?;
        let sent = Instant::now();
        let mut reply = String::new();
        stream.read_to_string(&mut reply)?;
        let waited = sent.elapsed();
        let answer = match reply.split(' ').nth(1) {
            Some("0") => Answer::Judged,
            Some("75") => Answer::Tempfail,
            _ => return Err(odd(reply)),
        };
        Ok(Answered { answer, begun, waited })
    }
}
