//! Postfix's own test server, which reads SMTP as Postfix does.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use switchback_gateway::config::Reinjection;
use switchback_gateway::held::{Again, OutcomeKind, Releaser};

use super::{Place, message, transaction};

/// A server that ends with the test.
struct SmtpSink {
    child: Child,
    address: SocketAddr,
}

impl Drop for SmtpSink {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl SmtpSink {
    /// Starts it, unless it is not installed.
    fn start(dir: &Path, options: &[&str]) -> Option<Self> {
        let end = Instant::now() + Duration::from_secs(60);
        // It takes no port from the kernel, so one that was free may be taken by then.
        while Instant::now() < end {
            let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
            let mut command = Command::new("smtp-sink");
            command.current_dir(dir).args(["-u", "root"]).args(options).args([&format!("inet:{address}"), "16"]);
            let spawned = command.stdin(Stdio::null()).stderr(Stdio::null()).spawn();
            let Ok(mut child) = spawned else {
                eprintln!("SKIPPED: a real server needs smtp-sink of Debian's package postfix, and root");
                return None;
            };
            while child.try_wait().unwrap().is_none() {
                if TcpStream::connect(address).is_ok() {
                    return Some(Self { child, address });
                }
                assert!(Instant::now() < end, "smtp-sink does not listen");
                std::thread::yield_now();
            }
        }
        eprintln!("SKIPPED: smtp-sink does not start here; it needs root");
        None
    }
}

#[test]
fn postfixs_own_reader_of_smtp_gets_what_was_held() {
    let place = Place::new();
    let Some(server) = SmtpSink::start(place.dir.path(), &["-d", "taken.%M."]) else { return };
    let id = place.hold(&transaction("ada@x.example", &["b@y.example", "c@y.example"]));
    let mut releaser = Releaser::new(&place.spool, &Reinjection::Smtp(server.address), "ada", "why");
    let outcome = releaser.release(id, Again::No).unwrap();
    assert_eq!(outcome.outcome, OutcomeKind::Released, "{:?}", outcome.why);
    drop(releaser);
    let taken: Vec<_> = super::files(place.dir.path()).into_iter().filter(|name| name.starts_with("taken.")).collect();
    let bytes: Vec<_> = taken.iter().map(|name| fs::read(place.dir.path().join(name)).unwrap()).collect();
    // It writes what it knows of the transaction in front, and ends lines by LF.
    let text: Vec<_> = message().into_iter().filter(|byte| *byte != b'\r').collect();
    let with_it: Vec<_> = bytes.iter().filter(|bytes| bytes.windows(text.len()).any(|part| part == text)).collect();
    assert_eq!(with_it.len(), 1, "{:?}", bytes.iter().map(|bytes| String::from_utf8_lossy(bytes)).collect::<Vec<_>>());
    let front = String::from_utf8_lossy(with_it[0]);
    assert!(front.contains("X-Mail-Args: <ada@x.example> BODY=8BITMIME"), "{front}");
    assert!(front.contains("<b@y.example>") && front.contains("<c@y.example>"), "{front}");
}

#[test]
fn a_server_that_refuses_and_one_that_hangs_up_leave_it_here() {
    for (options, kept) in [
        (&["-r", "rcpt"][..], OutcomeKind::Held),
        (&["-f", "mail"], OutcomeKind::Held),
        (&["-r", "."], OutcomeKind::Held),
        (&["-q", "data"], OutcomeKind::Held),
        (&["-q", "."], OutcomeKind::Uncertain),
    ] {
        let place = Place::new();
        let Some(server) = SmtpSink::start(place.dir.path(), options) else { return };
        let id = place.hold(&transaction("ada@x.example", &["b@y.example"]));
        let mut releaser = Releaser::new(&place.spool, &Reinjection::Smtp(server.address), "ada", "why");
        let outcome = releaser.release(id, Again::No).unwrap();
        assert_eq!((outcome.outcome, outcome.released), (kept, 0), "{options:?}: {:?}", outcome.why);
        assert_eq!(place.spool.message(id).unwrap().is_uncertain(), kept == OutcomeKind::Uncertain, "{options:?}");
    }
}
