//! What nobody should send, and what should not happen to a machine: mail goes on, no message is lost, and memory has an end.

use std::fs;
use std::io::Write as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

use indymilter_test::{ProtoOpts, Status, TestConnection};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use switchback_gateway::held::Spool;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::protocol::{begun, refused, sent};
use crate::site::{Milter, PATIENCE, Site, until};

/// A piece of a body, as long as mail servers send it.
static PIECE: [u8; 65_000] = [b'x'; 65_000];

const MIB: u64 = 1 << 20;

/// What may wait to be recorded when it is decided: 64 MiB and one more message, in each of three queues.
const fn waiting(message_max: u64) -> u64 {
    3 * (64 * MIB + message_max)
}

/// The most memory that the program took since `before`, which is less than that.
#[track_caller]
fn took_less(milter: &Milter, before: u64, most: u64) {
    let took = milter.peak().saturating_sub(before);
    eprintln!("{} MiB before, at most {} MiB more, of {} MiB that are allowed", before / MIB, took / MIB, most / MIB);
    assert!(took <= most, "{took} bytes");
}

/// A message of so many bytes, up to the end of it or until no more is wanted.
async fn large(connection: &mut TestConnection, subject: &str, bytes: u64) {
    begun(connection, subject).await;
    for _ in 0..bytes / PIECE.len() as u64 {
        if connection.body(&PIECE[..]).await.unwrap() == Status::Skip {
            return;
        }
    }
}

async fn answer(connection: &mut TestConnection) -> Status {
    connection.eom().await.unwrap().1
}

/// The program, with room for so many descriptors.
fn limited(site: &Site, descriptors: u64) -> Command {
    let mut command = Command::new("sh");
    command
        .args(["-c", &format!("ulimit -n {descriptors} && exec \"$0\" --verbose --config \"$1\"")])
        .arg(env!("CARGO_BIN_EXE_switchback-milter"))
        .arg(site.config())
        .stdin(Stdio::null());
    command
}

#[tokio::test]
async fn a_body_of_a_gigabyte_takes_the_memory_of_what_is_judged_of_it() {
    let site = Site::new();
    let milter = site.start();
    refused(&site, "9 hello").await;
    let before = milter.peak();
    // Who cannot be told to leave out the rest.
    let all = TestConnection::configure().read_timeout(PATIENCE).available_opts(ProtoOpts::empty());
    let mut connection = all.open_unix(site.socket()).await.unwrap();
    large(&mut connection, "9 large", 1_024 * MIB).await;
    assert!(matches!(answer(&mut connection).await, Status::Reject { .. }));
    assert!(milter.logs("is_partial=true").contains("bytes=1048576 "));
    took_less(&milter, before, 32 * MIB);
}

#[tokio::test(flavor = "multi_thread")]
async fn large_messages_at_once_take_no_more_than_the_memory_for_messages() {
    const SENDERS: usize = 40;
    let site = Site::new();
    site.configure_instead("message_max = '1 MiB'", "message_max = '50 MiB'\nmemory = '300 MiB'");
    let milter = site.start();
    refused(&site, "9 hello").await;
    let before = milter.peak();
    let (mut senders, all) = (JoinSet::new(), Arc::new(Barrier::new(SENDERS)));
    for _ in 0..SENDERS {
        let (mut connection, all) = (site.connect().await, Arc::clone(&all));
        senders.spawn(async move {
            // More than there is memory for, together.
            large(&mut connection, "9 large", 3 * MIB).await;
            all.wait().await;
            for _ in 0..57 * MIB / PIECE.len() as u64 {
                if connection.body(&PIECE[..]).await.is_ok_and(|status| status == Status::Skip) {
                    break;
                }
            }
            answer(&mut connection).await
        });
    }
    let answers = senders.join_all().await;
    let judged = answers.iter().filter(|answer| matches!(answer, Status::Reject { .. })).count();
    let again = answers.iter().filter(|answer| matches!(answer, Status::Tempfail { .. })).count();
    eprintln!("{judged} were judged, {again} are to be sent again");
    assert_eq!(judged + again, SENDERS, "{answers:?}");
    assert!(again > 0);
    milter.logs("the memory for messages is used up (scoring.memory, 300.0 MiB)");
    assert!(milter.logs("cause=\"overload\"").contains("slot=\"inbound\" answer=\"tempfail\""));
    took_less(&milter, before, 300 * MIB + waiting(50 * MIB));
    judged_at_last(&site, 60 * MIB).await;
}

/// Sends a large message again until it is judged, as clients do.
async fn judged_at_last(site: &Site, bytes: u64) {
    let since = Instant::now();
    let mut connection = site.connect().await;
    loop {
        large(&mut connection, "9 large", bytes).await;
        match answer(&mut connection).await {
            Status::Reject { .. } => return,
            other => assert!(since.elapsed() < PATIENCE && matches!(other, Status::Tempfail { .. }), "{other:?}"),
        }
    }
}

// Slow-loris: what has begun and never ends.
#[tokio::test]
async fn messages_that_stop_halfway_are_in_no_way_of_small_mail() {
    let site = Site::new();
    site.configure_instead("message_max = '1 MiB'", "message_max = '10 MiB'\nmemory = '60 MiB'");
    let milter = site.start();
    refused(&site, "9 hello").await;
    let before = milter.peak();
    let mut halves = Vec::new();
    for _ in 0..50 {
        let mut connection = site.connect().await;
        large(&mut connection, "0 half", 5 * MIB).await;
        halves.push(connection);
    }
    milter.logs("the memory for messages is used up (scoring.memory, 60.0 MiB)");
    for _ in 0..20 {
        refused(&site, "9 hello").await;
    }
    let mut connection = site.connect().await;
    large(&mut connection, "9 large", 8 * MIB).await;
    assert!(matches!(answer(&mut connection).await, Status::Tempfail { .. }));
    took_less(&milter, before, 60 * MIB + waiting(10 * MIB));
    drop(halves);
    judged_at_last(&site, 8 * MIB).await;
}

// A header of the shortest fields takes many times its size where each field is a thing of its own.
#[tokio::test]
async fn a_header_of_very_many_fields_takes_no_more_than_other_text() {
    let site = Site::new();
    site.configure_instead("message_max = '1 MiB'", "message_max = '4 MiB'\nmemory = '24 MiB'");
    let milter = site.start();
    refused(&site, "9 hello").await;
    let before = milter.peak();
    let mut connection = site.connect().await;
    for (name, is_judged) in [("A", true), ("X-Spam-", false)] {
        begun_header(&mut connection, "9 hello").await;
        let line = 4 + name.len() as u64;
        for _ in 0..3 * MIB / line {
            connection.header(name, "").await.unwrap();
        }
        connection.eoh().await.unwrap();
        let answer = answer(&mut connection).await;
        // So many fields cannot be removed.
        assert_eq!(matches!(answer, Status::Reject { .. }), is_judged, "{name}: {answer:?}");
        assert_eq!(matches!(answer, Status::Tempfail { .. }), !is_judged, "{name}: {answer:?}");
    }
    took_less(&milter, before, 24 * MIB + 32 * MIB);
}

/// A message from outside, up to its first fields.
async fn begun_header(connection: &mut TestConnection, subject: &str) {
    connection.connect("mail.sender.example", [192, 0, 2, 7]).await.unwrap();
    connection.helo("mail.sender.example").await.unwrap();
    connection.mail(["<s@sender.example>"]).await.unwrap();
    connection.rcpt(["<a@test.example>"]).await.unwrap();
    connection.header("From", "<s@sender.example>").await.unwrap();
    connection.header("Subject", subject).await.unwrap();
}

// A mail server that never stops naming recipients.
#[tokio::test]
async fn recipients_without_end_are_counted() {
    let site = Site::new();
    site.configure_instead("message_max = '1 MiB'", "message_max = '1 MiB'\nmemory = '6 MiB'");
    let milter = site.start();
    refused(&site, "9 hello").await;
    let before = milter.peak();
    let mut connection = site.connect().await;
    connection.connect("mail.sender.example", [192, 0, 2, 7]).await.unwrap();
    connection.mail(["<s@sender.example>"]).await.unwrap();
    let long = format!("<{}@test.example>", "a".repeat(60_000));
    for _ in 0..1_000 {
        connection.rcpt([long.as_str()]).await.unwrap();
    }
    connection.header("Subject", "9 hello").await.unwrap();
    connection.eoh().await.unwrap();
    assert!(matches!(answer(&mut connection).await, Status::Tempfail { .. }));
    took_less(&milter, before, 6 * MIB + 32 * MIB);
    // The next message of the connection is another one.
    assert!(matches!(sent(&mut connection, "9 hello").await.1, Status::Reject { .. }));
}

#[tokio::test]
async fn ten_thousand_connections_that_say_nothing_are_in_nobodys_way() {
    const CONNECTIONS: u64 = 10_000;
    let most = getrlimit(Resource::Nofile).maximum;
    if most.is_some_and(|most| most < CONNECTIONS + 1_000) {
        eprintln!("SKIPPED: this test needs {} descriptors (`ulimit -Hn`)", CONNECTIONS + 1_000);
        return;
    }
    setrlimit(Resource::Nofile, Rlimit { current: most, maximum: most }).unwrap();
    let site = Site::new();
    site.configure_milter("connections = 20000");
    let milter = site.start_as(limited(&site, CONNECTIONS + 1_000));
    refused(&site, "9 hello").await;
    let before = milter.peak();
    let open = |number: u64| {
        let mut stream = site.raw();
        // Half of them are silent, and half stop within their first packet.
        stream.write_all(if number.is_multiple_of(2) { b"" } else { b"\x00\x00\x00" }).unwrap();
        stream
    };
    let half_open: Vec<UnixStream> = (0..CONNECTIONS).map(open).collect();
    until("all of them are served", || (milter.descriptors() as u64 > CONNECTIONS).then_some(()));
    refused(&site, "9 hello").await;
    took_less(&milter, before, CONNECTIONS * (64 << 10));
    drop(half_open);
    refused(&site, "9 hello").await;
}

#[tokio::test]
async fn where_descriptors_run_out_mail_goes_on_for_who_is_connected() {
    let site = Site::new();
    let milter = site.start_as(limited(&site, 100));
    let mut connected = site.connect().await;
    assert!(matches!(sent(&mut connected, "9 hello").await.1, Status::Reject { .. }));
    let others: Vec<UnixStream> = (0..200).map(|_| site.raw()).collect();
    milter.logs("cannot accept a connection, and tries again: Too many open files");
    for _ in 0..10 {
        assert!(matches!(sent(&mut connected, "9 hello").await.1, Status::Reject { .. }));
    }
    drop(others);
    refused(&site, "9 hello").await;
}

/// A program that has locked the store's database, until it is dropped.
struct Locker(Child);

impl Locker {
    /// None where there is no program for that.
    fn of(store: &Path) -> Option<Self> {
        let Ok(sqlite) =
            Command::new("sqlite3").arg(store.join("control.db")).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()
        else {
            eprintln!("SKIPPED: this test needs sqlite3 (Debian's package of that name)");
            return None;
        };
        let mut locker = Self(sqlite);
        locker.0.stdin.as_mut().unwrap().write_all(b"BEGIN EXCLUSIVE;\nSELECT 'locked';\n").unwrap();
        let mut said = [0; 6];
        std::io::Read::read_exact(locker.0.stdout.as_mut().unwrap(), &mut said).unwrap();
        assert_eq!(&said, b"locked");
        Some(locker)
    }
}

impl Drop for Locker {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[tokio::test]
async fn a_store_that_is_locked_holds_up_no_mail() {
    let site = Site::new();
    let mut milter = site.start();
    let Some(lock) = Locker::of(&site.path("store")) else { return };
    for _ in 0..20 {
        refused(&site, "9 hello").await;
    }
    // So it is for who starts meanwhile.
    milter.signal("KILL");
    milter.ended();
    let milter = site.start();
    milter.logs("is locked by another process");
    refused(&site, "9 hello").await;
    drop(lock);
    refused(&site, "9 hello").await;
}

/// A small disk of its own, until it is dropped.
struct Disk(PathBuf);

impl Disk {
    fn mount(&self, options: &str) -> bool {
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(&self.0).status();
        mounted.is_ok_and(|status| status.success())
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg(&self.0).status());
    }
}

// MailScanner v5#563: mail was forgotten before it was durable.
#[tokio::test(flavor = "multi_thread")]
async fn where_the_disk_of_held_mail_is_full_clients_try_again() {
    let site = Site::new();
    let dir = site.path("held");
    fs::create_dir(&dir).unwrap();
    let disk = Disk(dir.clone());
    if !disk.mount("size=3m,mode=700") {
        eprintln!("SKIPPED: this test mounts a small disk, and has to run as root");
        return;
    }
    let held = format!("[held]\ndir = {dir:?}\nfree_min = '1 MiB'\n[inbound]\nreject = 'held'");
    site.configure_instead("[inbound]", &held);
    let milter = site.start();
    let mut senders = JoinSet::new();
    for _ in 0..4 {
        let mut connection = site.connect().await;
        senders.spawn(async move {
            let mut answers = Vec::new();
            for _ in 0..20 {
                large(&mut connection, "9 large", 130_000).await;
                answers.push(answer(&mut connection).await);
            }
            answers
        });
    }
    let answers = senders.join_all().await.concat();
    let forgotten = answers.iter().filter(|answer| **answer == Status::Discard).count();
    let again = answers.iter().filter(|answer| matches!(answer, Status::Tempfail { .. })).count();
    assert_eq!(forgotten + again, answers.len(), "{answers:?}");
    assert!(forgotten > 0 && again > 0, "{forgotten} {again}");
    milter.logs("a message cannot be held, and its client is told to try again");
    // What the mail server has forgotten is here, and nothing else is.
    let spool = Spool::existing(&dir).unwrap();
    let ids = spool.ids().unwrap();
    assert_eq!(ids.len(), forgotten);
    for id in ids {
        assert!(spool.bytes(id).unwrap().ends_with(&PIECE));
    }
    assert!(disk.mount("remount,size=10m"));
    let mut connection = site.connect().await;
    large(&mut connection, "9 large", 130_000).await;
    assert_eq!(answer(&mut connection).await, Status::Discard);
}
