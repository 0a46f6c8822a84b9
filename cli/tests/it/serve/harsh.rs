//! Clients by the thousand, slow ones, endless ones, and ends of the program that nobody asked for. Mail that is answered is
//! judged, memory is bounded, and the log says what happened.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::thread;
use std::time::{Duration, Instant};

use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::door::{Answer, BOTH, Door, Saying, say};
use crate::model::mail;
use crate::operate::store::{PATIENCE, Store, until};

const MIB: u64 = 1 << 20;

/// How many are connected to each socket and say nothing, or stop in the middle.
const HALF_OPEN: usize = 2_000;

/// What a connection that waits may cost: its buffers.
const CONNECTION_BYTES_MAX: u64 = 64 << 10;

fn connected(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream
}

#[track_caller]
fn judges(door: &Door) {
    let large = mail("large", "a@b.example", 4_000);
    assert!(door.ask_about("CHECK SPAMC/1.5", &large).contains("Spam: True"));
    assert_eq!(door.post("/checkv2", &[], &large).json()["action"], "quarantine");
}

/// By how much the most memory that a program ever held has grown, in bytes. Printed, and bounded.
#[track_caller]
fn grew(door: &Door, before: u64, bytes_max: u64, what: &str) {
    let (peak, grown) = (door.peak_bytes(), door.peak_bytes() - before);
    eprintln!("{what}: VmHWM {} MiB, {} MiB more than before", peak / MIB, grown / MIB);
    assert!(grown <= bytes_max, "{what}: {grown} bytes more than before, and {bytes_max} are expected");
}

#[test]
fn thousands_of_half_open_connections_cost_their_buffers_and_stop_nobody() {
    let files = getrlimit(Resource::Nofile);
    if files.maximum.is_some_and(|most| most < 3 * HALF_OPEN as u64) {
        eprintln!("SKIPPED: this test needs {} files to be open (ulimit -Hn)", 3 * HALF_OPEN);
        return;
    }
    setrlimit(Resource::Nofile, Rlimit { current: files.maximum, ..files }).unwrap();
    let store = Store::promoted(&["1.1.0"]);
    let door = Door::of(store.path(), &BOTH.replace("listen", "connections = 5000\nlisten"));
    judges(&door);
    let before = door.peak_bytes();
    let beginnings: [(SocketAddr, &[&[u8]]); 2] = [
        (door.spamd(), &[b"", b"CHECK SPA", b"CHECK SPAMC/1.5\r\nContent-length: 1000000\r\n\r\nSubject: x\r\n"]),
        (
            door.http(),
            &[b"", b"POST /v1/sc", b"POST /v1/score HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nSubject"],
        ),
    ];
    let half_open = |(address, said): (SocketAddr, &[&[u8]])| -> Vec<TcpStream> {
        let said = said.iter().cycle().take(HALF_OPEN);
        said.map(|said| {
            let mut stream = connected(address);
            stream.write_all(said).unwrap();
            stream
        })
        .collect()
    };
    let connections: Vec<_> = beginnings.into_iter().flat_map(half_open).collect();
    judges(&door);
    grew(&door, before, connections.len() as u64 * CONNECTION_BYTES_MAX, "4,000 half-open connections");
    drop(connections);
    judges(&door);
}

// Whoever comes later waits until those have had their time, and the log says that it is full.
#[test]
fn more_than_may_connect_are_served_in_their_turn() {
    let store = Store::promoted(&["1.1.0"]);
    let door = Door::of(store.path(), &BOTH.replace("listen", "connections = 20\ntimeout = '1s'\nlisten"));
    let silent: Vec<_> = (0..100).flat_map(|_| [connected(door.spamd()), connected(door.http())]).collect();
    judges(&door);
    for section in ["spamd", "http"] {
        door.until_it_says(&format!("20 clients are connected, as many as {section}.connections lets"));
    }
    drop(silent);
}

/// Sends a beginning, and then one byte after the other, slowly, until the server has had enough.
fn dripped(address: SocketAddr, beginning: &[u8], drop: &[u8]) {
    let mut stream = connected(address);
    stream.write_all(beginning).unwrap();
    stream.set_nonblocking(true).unwrap();
    for byte in drop.iter().cycle() {
        if stream.write_all(&[*byte]).is_err() {
            return;
        }
        // An end, or an answer: this client has had one.
        match stream.read(&mut [0; 512]) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            _ => return,
        }
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_client_that_drips_its_head_is_let_go() {
    let store = Store::promoted(&["1.1.0"]);
    let door = Door::of(store.path(), &BOTH.replace("listen", "connections = 1\ntimeout = '1s'\nlisten"));
    dripped(door.spamd(), b"CHECK SPAMC/1.5\r\n", b"A: b\r\n");
    dripped(door.spamd(), b"CHECK", b" ");
    dripped(door.http(), b"POST /v1/score HTTP/1.1\r\n", b"A: b\r\n");
    judges(&door);
    door.until_it_says("has gone in the middle of its request: it is silent");
}

/// Sends a body of this many bytes, in pieces as one of the two forms has them, and returns what is answered.
fn streamed(address: SocketAddr, head: &str, bytes: u64, is_chunked: bool) -> Vec<u8> {
    let mut stream = connected(address);
    stream.write_all(head.as_bytes()).unwrap();
    let piece = b"0123456789abcde\n".repeat(1 << 16);
    let mut framed = if is_chunked { format!("{:x}\r\n", piece.len()).into_bytes() } else { Vec::new() };
    framed.extend(&piece);
    framed.extend(if is_chunked { &b"\r\n"[..] } else { b"" });
    for _ in 0..bytes / piece.len() as u64 {
        // It may have heard enough.
        if stream.write_all(&framed).is_err() {
            break;
        }
    }
    if is_chunked {
        drop(stream.write_all(b"0\r\n\r\n"));
    }
    let mut answer = Vec::new();
    drop(stream.read_to_end(&mut answer));
    answer
}

// docs/serve.md, Limits: of a longer message the beginning is judged, and up to 2 GiB are read.
#[test]
fn of_a_body_of_a_gibibyte_a_message_is_kept() {
    let store = Store::promoted(&["1.1.0"]);
    let door = Door::of(store.path(), &format!("scoring.message_max = '1 MiB'\n{BOTH}"));
    judges(&door);
    let before = door.peak_bytes();
    let head = |field: &str| format!("POST /v1/score HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{field}\r\n\r\n");
    for (field, is_chunked) in [("Content-Length: 1073741824", false), ("Transfer-Encoding: chunked", true)] {
        let answer = Answer::of(&streamed(door.http(), &head(field), 1 << 30, is_chunked));
        assert_eq!((answer.status, answer.json()["is_partial"].as_bool()), (200, Some(true)), "{field}: {answer:?}");
    }
    let spamd = "CHECK SPAMC/1.5\r\nContent-length: 1073741824\r\n\r\n";
    let reply = String::from_utf8(streamed(door.spamd(), spamd, 1 << 30, false)).unwrap();
    assert!(reply.contains("Spam: True"), "{reply}");
    let endless = Answer::of(&streamed(door.http(), &head("Transfer-Encoding: chunked"), (2 << 30) + (64 << 20), true));
    assert_eq!(endless.status, 413, "{endless:?}");
    grew(&door, before, 32 * MIB, "bodies of 1 GiB and more");
    judges(&door);
}

/// What begins other protocols.
const OTHERS: [&[u8]; 6] = [
    b"EHLO client.example\r\n",
    // A TLS client hello.
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    // The negotiation of a milter.
    b"\x00\x00\x00\x0dO\x00\x00\x00\x06\x00\x00\x01\xff\x00\x1f\xff\xff",
    b"SSH-2.0-OpenSSH_10.0\r\n",
    // HTTP/2 without a negotiation.
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00",
    b"PROXY TCP4 192.0.2.7 192.0.2.8 1 783\r\n",
];

#[test]
fn other_protocols_and_garbage_disturb_nobody_and_are_in_the_log() {
    let (_store, door) = Door::open();
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let garbage = (0..100).map(|_| {
        let mut bytes = vec![0; random.random_range(1..2_000)];
        random.fill(&mut bytes[..]);
        bytes
    });
    let odd: Vec<_> = OTHERS.iter().map(|bytes| bytes.to_vec()).chain(garbage).collect();
    for bytes in &odd {
        for address in [door.spamd(), door.http()] {
            let answer = String::from_utf8_lossy(&say(address, bytes, Saying::Ended)).into_owned();
            let is_refused = ["SPAMD/1.5 76 ", "HTTP/1.1 4"].iter().any(|start| answer.starts_with(start));
            assert!(answer.is_empty() || is_refused, "{bytes:?}: {answer}");
        }
    }
    assert!(!say(door.spamd(), b"GET / HTTP/1.1\r\n\r\n", Saying::Ended).is_empty());
    assert!(!say(door.http(), b"CHECK SPAMC/1.5\r\n\r\n", Saying::Ended).is_empty());
    judges(&door);
    for said in
        ["a request of spamd's protocol is refused: this is spamd's protocol", "a connection of HTTP ended early"]
    {
        door.until_it_says(said);
    }
}

#[test]
fn a_store_that_is_locked_disturbs_no_mail() {
    let (store, door) = Door::open();
    let lock = rusqlite::Connection::open(store.path().join("control.db")).unwrap();
    lock.execute_batch("BEGIN EXCLUSIVE").unwrap();
    (0..20).for_each(|_| judges(&door));
    // Nor one that starts now: it has its release, or its mail waits until it has.
    let second = Door::of(store.path(), BOTH);
    let reply = second.ask_about("CHECK SPAMC/1.5", &mail("large", "a@b.example", 4_000));
    assert!(reply.contains("Spam: True") || reply.starts_with("SPAMD/1.5 75 EX_TEMPFAIL: "), "{reply}");
    lock.execute_batch("ROLLBACK").unwrap();
    until("the second one judges", || second.get("/readyz").status == 200);
    judges(&second);
    judges(&door);
}

// What is under way when it is killed has no answer, which its client sees; what is answered is right. Its socket is in nobody's way.
#[test]
fn a_program_that_is_killed_under_load_is_followed_by_another() {
    let (store, dir) = (Store::promoted(&["1.1.0"]), tempfile::tempdir().unwrap());
    let socket = dir.path().join("spamd.sock");
    let config = format!("[authentication]\nverify = false\n[spamd]\nlisten = 'unix:{}'\n", socket.display());
    let door = Door::of(store.path(), &config);
    let began = Instant::now();
    let (answered, lost, is_over) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicBool::new(false));
    let sending = |bytes: usize| {
        let message = mail("load", "a@b.example", bytes);
        let head = format!("CHECK SPAMC/1.5\r\nContent-length: {}\r\n\r\n", message.len());
        let request = [head.as_bytes(), &message].concat();
        // Only a test that fails goes on so long.
        while !is_over.load(Relaxed) && began.elapsed() < 4 * PATIENCE {
            match asked(&socket, &request) {
                Ok(reply) if reply.contains("EX_OK") => {
                    assert!(reply.contains(if bytes < 4_000 { "Spam: False" } else { "Spam: True" }), "{reply}");
                    answered.fetch_add(1, Relaxed);
                }
                _ => _ = lost.fetch_add(1, Relaxed),
            }
        }
    };
    let door = thread::scope(|scope| {
        let mut door = door;
        for bytes in [500, 4_000, 500, 4_000] {
            let sending = &sending;
            scope.spawn(move || sending(bytes));
        }
        for round in 1..=4 {
            let before = answered.load(Relaxed);
            until("mail is judged", || answered.load(Relaxed) > before + 100);
            if round < 4 {
                let dir = door.killed();
                door = Door::begin(dir, store.path(), &config);
            }
        }
        is_over.store(true, Relaxed);
        door
    });
    eprintln!("{} messages were answered, {} tries had no answer", answered.load(Relaxed), lost.load(Relaxed));
    assert_eq!(door.end().0, Some(0));
}

fn asked(socket: &Path, request: &[u8]) -> io::Result<String> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(request)?;
    let mut reply = String::new();
    stream.read_to_string(&mut reply)?;
    Ok(reply)
}

// hyperium/hyper#3852: who asked on without reading kept memory and connection for good.
#[test]
fn a_client_that_does_not_read_loses_its_place() {
    let store = Store::promoted(&["1.1.0"]);
    let door = Door::of(store.path(), &BOTH.replace("listen", "connections = 1\ntimeout = '1s'\nlisten"));
    // A reply of more than any socket buffers.
    let message = mail("huge", "a@b.example", 40 << 20);
    let mut spamd = connected(door.spamd());
    spamd.write_all(format!("PROCESS SPAMC/1.5\r\nContent-length: {}\r\n\r\n", message.len()).as_bytes()).unwrap();
    spamd.write_all(&message).unwrap();
    let mut http = connected(door.http());
    // Its answers fill all buffers, and then it is no longer heard, until it is cut off.
    let request = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n".repeat(1_000);
    let error = loop {
        if let Err(error) = http.write_all(&request) {
            break error;
        }
    };
    assert!([io::ErrorKind::ConnectionReset, io::ErrorKind::BrokenPipe].contains(&error.kind()), "{error}");
    judges(&door);
    door.until_it_says("a reply of spamd's protocol cannot be sent");
    door.until_it_says("a connection of HTTP ended early");
    drop((spamd, http));
}
