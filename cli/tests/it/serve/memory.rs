//! Memory for messages, which all doors of a program share.

use std::io::Write as _;
use std::net::TcpStream;

use super::door::{BOTH, Door};
use crate::model::mail;
use crate::operate::store::{Store, until};

/// Messages of 64 KiB, and the least memory for that.
const LITTLE: &str = "scoring.message_max = '64 KiB'\nscoring.memory = '384 KiB'\n";

#[test]
fn what_there_is_no_memory_for_is_to_be_sent_again_and_small_mail_goes_on() {
    let store = Store::promoted(&["1.1.0"]);
    let door = Door::of(store.path(), &format!("{LITTLE}{BOTH}"));
    let large = mail("large", "a@b.example", 60_000);
    assert!(door.ask_about("CHECK SPAMC/1.5", &large).contains("Spam: True"));
    let mut halves = Vec::new();
    let asks: [&dyn Fn() -> bool; 4] = [
        &|| door.ask_about("CHECK SPAMC/1.5", &large).starts_with("SPAMD/1.5 75 EX_TEMPFAIL: "),
        &|| door.ask_about("PROCESS SPAMC/1.5", &large).starts_with("SPAMD/1.5 75 EX_TEMPFAIL: there is no memory"),
        &|| door.post("/v1/score", &[], &large).json()["disposition"]["kind"] == "tempfail",
        &|| door.post("/checkv2", &[], &large).json()["action"] == "soft reject",
    ];
    for ask in asks {
        until("it is to be sent again", || {
            let is_refused = ask();
            // Messages that stop halfway.
            if !is_refused {
                let mut half = TcpStream::connect(door.spamd()).unwrap();
                half.write_all(b"CHECK SPAMC/1.5\r\nContent-length: 61000\r\n\r\n").unwrap();
                half.write_all(&large).unwrap();
                halves.push(half);
            }
            is_refused
        });
    }
    assert!(door.log().contains("the memory for messages is used up (scoring.memory, 384.0 KiB)"), "{}", door.log());
    assert!(door.ask_about("PROCESS SPAMC/1.5", &mail("small", "a@b.example", 30_000)).contains("Spam: True"));
    drop(halves);
    until("it is judged", || door.ask_about("CHECK SPAMC/1.5", &large).contains("Spam: True"));
}
