//! The door that speaks spamd's protocol, versions 1.2 to 1.5 of `spamd/PROTOCOL`, and the older form of it that Exim speaks with
//! `variant=rspamd`.

mod body;
mod refusal;
mod reply;
mod request;
mod verb;

use std::io;
use std::time::Duration;

use switchback_gateway::{Disposition, Gateway, Mail};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWriteExt as _, BufReader};
use tokio::select;
use tokio::time::timeout;

use self::refusal::Refusal;
use self::request::Request;
use self::verb::Verb;
use super::accept::{self, Stream};
use super::letter::Letter;
use super::limits::{REPLY_WITHIN, REQUEST_WITHIN};
use super::opinion::Opinion;
use super::stop::Stop;

/// The door.
#[derive(Clone, Debug)]
pub(super) struct SpamdDoor {
    gateway: Gateway,
}

/// How an exchange ends without a verdict.
#[derive(Debug)]
enum Ended {
    /// With a refusal.
    Refused(Refusal),
    /// The client has gone, or is silent.
    Gone(io::Error),
    /// It wants nothing.
    Skipped,
}

impl SpamdDoor {
    pub(super) fn new(gateway: Gateway) -> Self {
        Self { gateway }
    }

    /// Serves a connection: one request, one reply.
    pub(super) async fn serve(self, stream: Stream, stop: Stop) {
        let mut stream = BufReader::new(stream);
        let idle = self.gateway.config().spamd.timeout;
        let reply = match timeout(REQUEST_WITHIN, self.answer(&mut stream, idle, stop)).await {
            Ok(Ok(reply)) => reply,
            Ok(Err(Ended::Refused(refusal))) => {
                tracing::warn!("a request of spamd's protocol is refused: {}", refusal.why());
                refusal.reply()
            }
            Ok(Err(Ended::Gone(error))) => {
                return tracing::warn!("a client of spamd's protocol has gone in the middle of its request: {error}");
            }
            Ok(Err(Ended::Skipped)) => return,
            Err(_) => {
                return tracing::warn!("a request of spamd's protocol took longer than {REQUEST_WITHIN:?} to arrive");
            }
        };
        match timeout(REPLY_WITHIN, send(&mut stream, &reply)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!("a reply of spamd's protocol cannot be sent: {error}"),
            Err(_) => tracing::warn!("a reply of spamd's protocol was not read within {REPLY_WITHIN:?}"),
        }
    }

    async fn answer<S: AsyncRead + Unpin>(
        &self,
        stream: &mut BufReader<S>,
        idle: Duration,
        stop: Stop,
    ) -> Result<Vec<u8>, Ended> {
        // Who has said nothing yet is not waited for at the end. Monitoring connects and says nothing.
        let said = select! {
            biased;
            said = timeout(idle, stream.fill_buf()) => said,
            () = stop.asked() => return Err(Ended::Skipped),
        };
        match said {
            Ok(Ok(bytes)) if !bytes.is_empty() => {}
            _ => return Err(Ended::Skipped),
        }
        let line = timeout(idle, request::line(stream)).await.map_err(|_| silent())??;
        let mut request = Request::begin(&line)?;
        match request.verb {
            Verb::Ping => return Ok(reply::pong(request.dialect)),
            Verb::Skip => return Err(Ended::Skipped),
            Verb::Tell => return Err(Ended::Refused(Refusal::learning())),
            _ => {}
        }
        timeout(idle, request.read_fields(stream)).await.map_err(|_| silent())??;
        let message_max = self.gateway.config().scoring.message_max.as_u64();
        let text = body::read(stream, &request, &self.gateway, idle).await?;
        if text.is_partial() && request.verb == Verb::Process {
            let is_refused = text.is_refused();
            return Err(if is_refused { Refusal::no_memory() } else { Refusal::too_long_to_return(message_max) }.into());
        }
        let mut letter = Letter::new(text);
        let sent = self.gateway.text();
        let is_returned = matches!(request.verb, Verb::Process | Verb::Headers);
        let sent = if is_returned { letter.as_sent(sent) } else { letter.take_sent(sent) };
        let opinion = Opinion::of(&self.gateway, Mail::new(request.transaction.clone(), sent)).await;
        if let Disposition::Tempfail(why) = &opinion.decision.disposition
            && request.dialect.has_codes()
        {
            return Err(Ended::Refused(Refusal::later(why)));
        }
        Ok(reply::of(&request, &opinion, &letter))
    }
}

async fn send(stream: &mut BufReader<Stream>, reply: &[u8]) -> io::Result<()> {
    stream.write_all(reply).await?;
    accept::end(stream).await
}

fn silent() -> Ended {
    Ended::Gone(io::Error::new(io::ErrorKind::TimedOut, "it is silent"))
}

impl From<io::Error> for Ended {
    fn from(error: io::Error) -> Self {
        Self::Gone(error)
    }
}

impl From<Refusal> for Ended {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}
