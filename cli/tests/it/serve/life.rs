//! How the program starts, reads its configuration again, and ends.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::process::Stdio;

use super::door::{BOTH, Door, write_config};
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
        (with("two").replace("[spamd]", "[spamd]\nconnections = 7"), "a restart is needed for changes of spamd"),
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
        assert!(std::process::Command::new("kill").args(["-s", signal, &id]).status().unwrap().success());
    };
    hears("READY=1\nSTATUS=ready");
    signal("HUP");
    hears("RELOADING=1\nMONOTONIC_USEC=");
    hears("READY=1");
    signal("TERM");
    hears("STOPPING=1");
    assert!(child.wait().unwrap().success());
}
