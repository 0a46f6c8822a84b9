//! How the program starts, reads its configuration again, and ends.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::path::Path;
use std::process::{Command, Stdio};

use super::door::{Answer, BOTH, Door, Saying, say, write_config};
use crate::model::mail;
use crate::operate::store::{PATIENCE, Store, until};
use crate::run::{command, switchback};

#[test]
fn a_configuration_that_cannot_be_used_is_refused() {
    let (store, dir) = (Store::promoted(&["1.1.0"]), tempfile::tempdir().unwrap());
    let path = dir.path().join("gateway.toml");
    let check = |config: &str| {
        write_config(dir.path(), store.path(), config);
        let ran = switchback(["serve", "--check", "--config", path.to_str().unwrap()]);
        assert!(ran.out.is_empty(), "{ran:?}");
        (ran.code, ran.err)
    };
    assert_eq!(check(BOTH), (0, String::new()));
    for (config, said) in [
        ("", "there is no door to serve at"),
        ("[spamd]\nlisten = 'inet:0.0.0.0:783'\n", "can be reached from outside"),
        ("[http]\nlisten = 'inet:0.0.0.0:80'\n", "without http.token_file anybody could ask"),
        ("[http]\nlisten = 'inet:0.0.0.0:80'\ntoken_file = '/nowhere'\n", "http.token_file: /nowhere"),
        ("[http]\nlisten = 'inet:127.0.0.1:0'\ntoken = 'x'\n", "unknown field `token`"),
    ] {
        let (code, err) = check(config);
        assert!(code == 1 && err.contains(said), "{config}: {err}");
    }
}

#[test]
fn another_configuration_is_taken_whole_or_not_at_all() {
    let store = Store::promoted(&["1.1.0"]);
    let with = |text: &str| format!("[inbound]\nquarantine = 'reject'\nreject_text = '{text}'\n{BOTH}");
    let door = Door::of(store.path(), &with("one"));
    let said = || {
        let large = mail("large", "a@b.example", 4_000);
        door.post("/v1/score", &[], &large).json()["disposition"]["reply"]["text"].as_str().unwrap().to_owned()
    };
    assert_eq!(said(), "one");
    for (config, why) in [
        (with("two") + "nonsense = 1\n", "unknown field `nonsense`"),
        (with("two").replace("[spamd]", "[spamd]\nmode = '600'"), "a restart is needed for changes of spamd.mode"),
        ("[inbound]\nreject_text = 'two'\n".to_owned(), "there is no door to serve at"),
    ] {
        write_config(door.dir(), store.path(), &config);
        door.signal("HUP");
        door.until_it_says(why);
        assert_eq!(said(), "one");
    }
    write_config(door.dir(), store.path(), &with("two"));
    door.signal("HUP");
    until("the new text", || said() == "two");
}

#[test]
fn bounds_change_while_it_runs_and_other_programs_doors_are_theirs() {
    let store = Store::promoted(&["1.1.0"]);
    let with = |bounds: &str| BOTH.replace("[spamd]", &format!("[spamd]\n{bounds}"));
    let door = Door::of(store.path(), &with("connections = 1"));
    let mut silent = TcpStream::connect(door.spamd()).unwrap();
    let mut waits = TcpStream::connect(door.spamd()).unwrap();
    waits.set_read_timeout(Some(PATIENCE)).unwrap();
    waits.write_all(b"PING SPAMC/1.5\r\n\r\n").unwrap();
    door.until_it_says("1 clients are connected");
    let milter = "[milter]\nlisten = 'unix:/elsewhere'\nconnections = 7\n";
    write_config(door.dir(), store.path(), &(with("connections = 2\ndrain = '0s'") + milter));
    door.signal("HUP");
    let mut reply = String::new();
    waits.read_to_string(&mut reply).unwrap();
    assert_eq!(reply, "SPAMD/1.5 0 PONG\r\n");
    // Nor is there time to drain any more.
    silent.write_all(b"CHECK SPAMC/1.5\r\n").unwrap();
    assert_eq!(door.ask(b"PING SPAMC/1.5\r\n\r\n"), b"SPAMD/1.5 0 PONG\r\n");
    door.signal("TERM");
    let (code, log) = door.ended();
    assert!(code == Some(0) && log.contains("spamd.drain is over: 1 connections are cut off"), "{log}");
}

/// The program, to which systemd would pass these two sockets by these names.
fn passed(config: &Path, names: &str, sockets: [TcpListener; 2]) -> Command {
    let [first, second] = sockets.map(|socket| Stdio::from(OwnedFd::from(socket)));
    let start = "export LISTEN_PID=$$ LISTEN_FDS=2 LISTEN_FDNAMES=$2; exec \"$0\" serve --config \"$1\" 3<&0 4<&1 </dev/null >/dev/null";
    let mut shell = Command::new("sh");
    shell.args(["-c", start, env!("CARGO_BIN_EXE_switchback")]).arg(config).arg(names);
    shell.stdin(first).stdout(second);
    shell
}

#[test]
fn sockets_that_systemd_passes_take_the_place_of_those_of_the_configuration() {
    let (store, dir) = (Store::promoted(&["1.1.0"]), tempfile::tempdir().unwrap());
    let (spamd, http) = (dir.path().join("spamd.sock"), dir.path().join("http.sock"));
    let (listen, config) =
        (|path: &Path| format!("listen = 'unix:{}'\n", path.display()), dir.path().join("gateway.toml"));
    let text = format!("[authentication]\nverify = false\n[spamd]\n{}[http]\n{}", listen(&spamd), listen(&http));
    write_config(dir.path(), store.path(), &text);
    let bound = |address: &str| TcpListener::bind(address).unwrap();
    let sockets = ["127.0.0.1:0"; 2].map(bound);
    let [to_http, to_spamd] = [0, 1].map(|at: usize| sockets[at].local_addr().unwrap());
    let mut child = passed(&config, "http:spamd", sockets).spawn().unwrap();
    assert_eq!(say(to_spamd, b"PING SPAMC/1.5\r\n\r\n", Saying::Ended), b"SPAMD/1.5 0 PONG\r\n");
    let health = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    assert_eq!(Answer::of(&say(to_http, health, Saying::Open)).body, b"alive\n");
    assert!(!spamd.exists() && !http.exists());
    child.kill().unwrap();
    child.wait().unwrap();
    for (names, address, said) in [
        ("http:smtp", "127.0.0.1:0", "a socket with the name `smtp`"),
        ("http:spamd", "0.0.0.0:0", "can be reached from outside"),
    ] {
        let refused = passed(&config, names, [address; 2].map(bound)).output().unwrap();
        let err = String::from_utf8(refused.stderr).unwrap();
        assert!(refused.status.code() == Some(1) && err.contains(said), "{err}");
    }
}

#[test]
fn a_store_that_is_away_makes_mail_wait() {
    let (store, dir) = (Store::nowhere(), tempfile::tempdir().unwrap());
    let away = dir.path().join("store");
    fs::write(&away, "no folder").unwrap();
    let door = Door::of(&away, BOTH);
    assert!(door.get("/readyz").status == 503 && !door.log().is_empty(), "{}", door.log());
    let message = mail("large", "a@b.example", 4_000);
    let reply = door.ask_about("CHECK SPAMC/1.5", &message);
    assert!(reply.starts_with("SPAMD/1.5 75 EX_TEMPFAIL: "), "{reply}");
    assert_eq!(door.post("/checkv2", &[], &message).json()["action"], "soft reject");
    drop(store);
    // As soon as it is there, mail is judged.
    let made = Store::promoted(&["1.1.0"]);
    fs::remove_file(&away).unwrap();
    std::os::unix::fs::symlink(made.path(), &away).unwrap();
    until("the store is open", || door.get("/readyz").status == 200);
    assert!(door.ask_about("CHECK SPAMC/1.5", &message).contains("Spam: True"));
}

// rmilter#39, #63, rspamd#4941: told to end, it answers what is under way, and takes nothing new.
#[test]
fn what_is_under_way_comes_to_its_end() {
    let (_store, door) = Door::open();
    let address = door.spamd();
    let message = mail("large", "a@b.example", 4_000);
    let mut under_way = TcpStream::connect(address).unwrap();
    under_way.set_read_timeout(Some(PATIENCE)).unwrap();
    under_way.write_all(format!("CHECK SPAMC/1.5\r\nContent-length: {}\r\n\r\n", message.len()).as_bytes()).unwrap();
    under_way.write_all(&message[..100]).unwrap();
    // It has been accepted when one that came after it is answered.
    assert_eq!(door.ask(b"PING SPAMC/1.5\r\n\r\n"), b"SPAMD/1.5 0 PONG\r\n");
    let mut idle = TcpStream::connect(door.http()).unwrap();
    idle.set_read_timeout(Some(PATIENCE)).unwrap();
    door.get("/healthz");
    door.signal("TERM");
    until("nobody can connect", || TcpStream::connect(address).is_err());
    let mut rest = Vec::new();
    drop(idle.read_to_end(&mut rest));
    assert!(rest.is_empty());
    under_way.write_all(&message[100..]).unwrap();
    under_way.shutdown(Shutdown::Write).unwrap();
    let mut reply = String::new();
    under_way.read_to_string(&mut reply).unwrap();
    assert!(reply.contains("Spam: True"), "{reply}");
    let (code, log) = door.ended();
    assert_eq!((code, log.as_str()), (Some(0), ""));
}

#[test]
fn a_socket_that_a_killed_program_left_is_replaced() {
    let (store, dir) = (Store::promoted(&["1.1.0"]), tempfile::tempdir().unwrap());
    let socket = dir.path().join("spamd.sock");
    drop(UnixListener::bind(&socket).unwrap());
    let config = format!("[authentication]\nverify = false\n[spamd]\nlisten = 'unix:{}'\n", socket.display());
    let door = Door::of(store.path(), &config);
    let other = tempfile::tempdir().unwrap();
    write_config(other.path(), store.path(), &config);
    let ran = switchback(["serve", "--config", other.path().join("gateway.toml").to_str().unwrap()]);
    assert!(ran.code == 1 && ran.err.contains("another program answers"), "{ran:?}");
    assert_eq!(door.end().0, Some(0));
    assert!(!socket.exists());
}

#[test]
fn the_service_manager_is_told() {
    let (store, dir) = (Store::promoted(&["1.1.0"]), tempfile::tempdir().unwrap());
    write_config(dir.path(), store.path(), BOTH);
    let manager = UnixDatagram::bind(dir.path().join("notify")).unwrap();
    manager.set_read_timeout(Some(PATIENCE)).unwrap();
    let hears = |told: &str| {
        let mut buffer = [0; 4_096];
        loop {
            let length = manager.recv(&mut buffer).unwrap();
            if std::str::from_utf8(&buffer[..length]).unwrap().contains(told) {
                return;
            }
        }
    };
    let mut serve = command();
    serve.env("NOTIFY_SOCKET", dir.path().join("notify")).args(["serve", "--config"]);
    let mut child = serve.arg(dir.path().join("gateway.toml")).stdout(Stdio::null()).spawn().unwrap();
    let signal = |signal| {
        let id = child.id().to_string();
        assert!(Command::new("kill").args(["-s", signal, &id]).status().unwrap().success());
    };
    hears("READY=1\nSTATUS=ready; 0 B of 1.0 GiB used");
    signal("HUP");
    hears("RELOADING=1\nMONOTONIC_USEC=");
    hears("READY=1");
    signal("TERM");
    hears("STOPPING=1");
    assert!(child.wait().unwrap().success());
}
