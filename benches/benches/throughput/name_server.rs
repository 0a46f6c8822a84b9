//! A name server on this machine: it knows the sender's domain, and says of every other name that there is none.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::thread;

use crate::mail::{SELECTOR, SENDER_DOMAIN};

/// A question's type and class: a text record of the Internet.
const TXT: [u8; 4] = [0, 16, 0, 1];

/// Flags and counts of an answer (RFC 1035, section 4.1.1): one record, or no such name.
const FOUND: [u8; 10] = [0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0];
const NO_NAME: [u8; 10] = [0x81, 0x83, 0, 1, 0, 0, 0, 0, 0, 0];

/// The length of a message's head, behind which its question is.
const HEAD: usize = 12;

/// Starts one, which runs as long as this process. The key is the sender's.
pub(crate) fn start(key: &str) -> io::Result<SocketAddr> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    let address = socket.local_addr()?;
    let records = [
        (SENDER_DOMAIN.to_owned(), "v=spf1 ip4:192.0.2.0/24 -all".to_owned()),
        (format!("{SELECTOR}._domainkey.{SENDER_DOMAIN}"), format!("v=DKIM1; k=rsa; p={key}")),
    ];
    let records = records.map(|(name, text)| (question(&name), strings(&text)));
    thread::spawn(move || {
        let mut query = [0; 512];
        while let Ok((length, client)) = socket.recv_from(&mut query) {
            if let Some(answer) = answer(&query[..length], &records) {
                // Who does not get it asks again.
                drop(socket.send_to(&answer, client));
            }
        }
    });
    Ok(address)
}

/// A name as questions have it, with type and class.
fn question(name: &str) -> Vec<u8> {
    let mut question = Vec::new();
    for label in name.split('.') {
        question.push(label.len() as u8);
        question.extend_from_slice(label.as_bytes());
    }
    question.push(0);
    question.extend_from_slice(&TXT);
    question
}

/// The data of a text record: strings of 255 bytes.
fn strings(text: &str) -> Vec<u8> {
    text.as_bytes().chunks(255).flat_map(|part| [&[part.len() as u8], part].concat()).collect()
}

fn answer(query: &[u8], records: &[(Vec<u8>, Vec<u8>)]) -> Option<Vec<u8>> {
    let name = query.get(HEAD..)?.iter().position(|byte| *byte == 0)?;
    let question = query.get(HEAD..HEAD + name + 1 + TXT.len())?;
    let known = records.iter().find(|(known, _)| question.eq_ignore_ascii_case(known));
    let mut answer = [&query[..2], if known.is_some() { &FOUND } else { &NO_NAME }, question].concat();
    if let Some((_, text)) = known {
        // The name is that of the question; the answer holds for a minute.
        answer.extend_from_slice(&[&[0xc0, HEAD as u8], &TXT[..], &[0, 0, 0, 60]].concat());
        answer.extend_from_slice(&(text.len() as u16).to_be_bytes());
        answer.extend_from_slice(text);
    }
    Some(answer)
}
