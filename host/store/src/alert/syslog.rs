//! Alerts into the system's log.

use std::io;

use ::syslog::{Error, Facility, Formatter3164, Logger, LoggerBackend};

use super::config::Syslog;
use super::error::AlertError;
use super::found::Severity;
use super::record::Alert;
use crate::limits::{ALERT_SYSLOG_BYTES_MAX, ALERT_TIMEOUT};

/// What the lines are marked with.
const PROCESS: &str = "switchback";

/// Sends one line, of the facility `mail`. Connects each time: the log may have been restarted since.
pub(super) fn send(place: &Syslog, alert: &Alert) -> Result<(), AlertError> {
    let failed = |error| AlertError::Syslog(system(error));
    let Some(mut logger) = connect(place).map_err(failed)? else { return Ok(()) };
    bound(&logger.backend).map_err(AlertError::Syslog)?;
    let line = line(alert);
    let sent = match alert.severity {
        Severity::Critical => logger.crit(line),
        Severity::Error => logger.err(line),
        Severity::Warning => logger.warning(line),
        Severity::Notice => logger.notice(line),
    };
    sent.map_err(failed)
}

fn connect(place: &Syslog) -> Result<Option<Logger<LoggerBackend, Formatter3164>>, Error> {
    let (facility, pid) = (Facility::LOG_MAIL, std::process::id());
    let formatter = Formatter3164 { facility, hostname: None, process: PROCESS.to_owned(), pid };
    Ok(Some(match place {
        Syslog::Off => return Ok(None),
        Syslog::Local => ::syslog::unix(formatter)?,
        Syslog::Socket(path) => ::syslog::unix_custom(formatter, path)?,
    }))
}

/// What the system said.
fn system(error: Error) -> io::Error {
    match error {
        Error::Write(error) | Error::Io(error) => error,
        // It wraps its own errors, and those of the system.
        Error::Initialization(error) => error
            .downcast::<Error>()
            .map(|error| system(*error))
            .or_else(|error| error.downcast::<io::Error>().map(|error| *error))
            .unwrap_or_else(io::Error::other),
    }
}

/// A log that hangs holds nobody up for longer.
fn bound(backend: &LoggerBackend) -> io::Result<()> {
    match backend {
        LoggerBackend::Unix(socket) => socket.set_write_timeout(Some(ALERT_TIMEOUT)),
        LoggerBackend::UnixStream(stream) => stream.get_ref().set_write_timeout(Some(ALERT_TIMEOUT)),
        LoggerBackend::Udp(..) | LoggerBackend::Tcp(_) => Ok(()),
    }
}

/// `harm: ...; undo: switchback ...; event 12, alert 0196...`, on one line whatever a name contains.
fn line(alert: &Alert) -> String {
    let undo = alert.undo.iter().map(|undo| format!("; undo: {undo}"));
    let event = alert.event.iter().map(|event| format!("; event {event}"));
    let rest: String = undo.chain(event).collect();
    let line = format!("{}: {}{rest}; alert {}", alert.kind.name(), alert.summary, alert.id);
    let mut line: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    line.truncate(line.floor_char_boundary(ALERT_SYSLOG_BYTES_MAX));
    line
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixDatagram;

    use super::super::text::tests::alert;
    use super::*;

    #[test]
    fn an_alert_is_one_line_of_the_mail_systems_log() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let log = UnixDatagram::bind(&path).unwrap();
        let mut alert = alert();
        alert.summary.push_str("\n<0>forged");
        send(&Syslog::Socket(path), &alert).unwrap();
        let mut bytes = [0; 4_096];
        let length = log.recv(&mut bytes).unwrap();
        let line = std::str::from_utf8(&bytes[..length]).unwrap();
        // Facility 2 times 8, and severity 2.
        assert!(line.starts_with("<18>") && line.contains(" switchback["), "{line}");
        assert!(
            line.contains("harm: phish@2.0.0 in inbound was reverted") && line.contains("; undo: switchback "),
            "{line}"
        );
        assert!(line.ends_with(&format!("; event 12; alert {}", alert.id)) && !line.contains('\n'), "{line}");
    }

    #[test]
    fn a_log_that_is_not_there_is_an_error_and_none_is_none() {
        let error = send(&Syslog::Socket("/nowhere/log".into()), &alert()).unwrap_err();
        assert!(error.is_worth_retrying(), "{error}");
        let source = std::error::Error::source(&error).and_then(|source| source.downcast_ref::<io::Error>());
        assert_eq!(source.map(io::Error::kind), Some(io::ErrorKind::NotFound), "{error:?}");
        assert!(send(&Syslog::Off, &alert()).is_ok());
    }

    #[test]
    fn a_log_that_hangs_holds_nobody_up_for_long() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let log = UnixDatagram::bind(&path).unwrap();
        let filler = UnixDatagram::unbound().unwrap();
        filler.set_nonblocking(true).unwrap();
        while filler.send_to(b"full", &path).is_ok() {}
        let started = std::time::Instant::now();
        let error = send(&Syslog::Socket(path), &alert()).unwrap_err();
        assert!(started.elapsed() < 2 * ALERT_TIMEOUT, "{error}");
        drop(log);
    }
}
