//! The milter protocol, as Postfix speaks it: what is not waited for is sent together.

use std::io::{self, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::client::{Answer, Answered, Client, odd};
use crate::mail::{Mail, RECIPIENT, SENDER};

/// The version of the protocol, every action, and every option that Postfix offers.
const VERSION: u32 = 6;
const ACTIONS: u32 = 0x1ff;
const OPTIONS: u32 = 0x1f_ffff;

/// Values of fields have everything behind the colon.
const LEADING_SPACE: u32 = 0x10_0000;

/// How much of a body is sent at once.
const CHUNK: usize = 65_535;

/// A step of the protocol: its command, and the options by which it is left out, and by which nobody waits for an answer.
struct Step(u8, u32, u32);

const CONNECT: Step = Step(b'C', 0x1, 0x1000);
const HELO: Step = Step(b'H', 0x2, 0x2000);
const MAIL: Step = Step(b'M', 0x4, 0x4000);
const RCPT: Step = Step(b'R', 0x8, 0x8000);
const DATA: Step = Step(b'T', 0x200, 0x1_0000);
const HEADER: Step = Step(b'L', 0x20, 0x80);
const END_OF_HEADER: Step = Step(b'N', 0x40, 0x4_0000);
const BODY: Step = Step(b'B', 0x10, 0x8_0000);

/// A connection, introduced as that of an SMTP client from outside.
pub(crate) struct Milter {
    stream: BufReader<UnixStream>,
    /// What was not sent yet.
    unsent: Vec<u8>,
    options: u32,
}

impl Milter {
    pub(crate) fn connect(socket: &Path) -> io::Result<Self> {
        let stream = BufReader::new(UnixStream::connect(socket)?);
        let mut milter = Self { stream, unsent: Vec::new(), options: 0 };
        milter.packet(b'O', &[VERSION, ACTIONS, OPTIONS].map(u32::to_be_bytes).concat());
        milter.flush()?;
        let (command, agreed) = milter.answer()?;
        let options = agreed.get(8..12).and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes);
        milter.options = options.filter(|_| command == b'O').ok_or_else(|| odd(char::from(command)))?;
        milter.macros(&CONNECT, &[("j", "mx.test.example"), ("{client_addr}", "192.0.2.7"), ("v", "Postfix 3.7")]);
        milter.step(&CONNECT, b"mail.sender.example\x004\x8b\xcd192.0.2.7\0")?;
        milter.step(&HELO, b"mail.sender.example\0")?;
        Ok(milter)
    }

    fn packet(&mut self, command: u8, data: &[u8]) {
        let length = u32::try_from(data.len() + 1).unwrap_or(u32::MAX);
        self.unsent.extend_from_slice(&length.to_be_bytes());
        self.unsent.push(command);
        self.unsent.extend_from_slice(data);
    }

    fn macros(&mut self, step: &Step, macros: &[(&str, &str)]) {
        let mut data = vec![step.0];
        for (name, value) in macros {
            data.extend_from_slice(&[name.as_bytes(), b"\0", value.as_bytes(), b"\0"].concat());
        }
        self.packet(b'D', &data);
    }

    /// Takes a step, unless it is left out, and waits for its answer, unless there is none. Says whether the server wants more of
    /// the same.
    fn step(&mut self, step: &Step, data: &[u8]) -> io::Result<bool> {
        let Step(command, left_out, unanswered) = step;
        if self.options & left_out != 0 {
            return Ok(true);
        }
        self.packet(*command, data);
        if self.options & unanswered != 0 {
            return Ok(true);
        }
        self.flush()?;
        match self.answer()? {
            (b'c', _) => Ok(true),
            (b's', _) => Ok(false),
            (other, _) => Err(odd(char::from(other))),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.get_mut().write_all(&self.unsent)?;
        self.unsent.clear();
        Ok(())
    }

    fn answer(&mut self) -> io::Result<(u8, Vec<u8>)> {
        let mut head = [0; 5];
        self.stream.read_exact(&mut head)?;
        let [a, b, c, d, command] = head;
        let length = u32::from_be_bytes([a, b, c, d]).checked_sub(1).ok_or_else(|| odd("an empty packet"))?;
        let mut data = vec![0; length as usize];
        self.stream.read_exact(&mut data)?;
        Ok((command, data))
    }

    /// The answer to a whole message, behind all changes of it.
    fn last_answer(&mut self) -> io::Result<Answer> {
        loop {
            match self.answer()? {
                (b'a' | b'c' | b'd' | b'r', _) => return Ok(Answer::Judged),
                (b't', _) => return Ok(Answer::Tempfail),
                // A reply with a text of its own.
                (b'y', reply) if reply.starts_with(b"5") => return Ok(Answer::Judged),
                (b'y', _) => return Ok(Answer::Tempfail),
                _ => {}
            }
        }
    }
}

impl Client for Milter {
    fn send(&mut self, mail: &Mail) -> io::Result<Answered> {
        let begun = Instant::now();
        self.macros(&MAIL, &[("{mail_addr}", SENDER)]);
        self.step(&MAIL, format!("<{SENDER}>\0").as_bytes())?;
        self.macros(&RCPT, &[("{rcpt_addr}", RECIPIENT), ("i", "4XyZbench")]);
        self.step(&RCPT, format!("<{RECIPIENT}>\0").as_bytes())?;
        self.step(&DATA, b"")?;
        for (name, value) in &mail.fields {
            let value = match value.strip_prefix(b" ") {
                Some(rest) if self.options & LEADING_SPACE == 0 => rest,
                _ => value,
            };
            self.step(&HEADER, &[name, &b"\0"[..], value, b"\0"].concat())?;
        }
        self.step(&END_OF_HEADER, b"")?;
        for chunk in mail.body().chunks(CHUNK) {
            if !self.step(&BODY, chunk)? {
                break;
            }
        }
        self.packet(b'D', b"Ei\x004XyZbench\0");
        self.packet(b'E', b"");
        self.flush()?;
        let sent = Instant::now();
        let answer = self.last_answer()?;
        Ok(Answered { answer, begun, waited: sent.elapsed() })
    }
}

/// A client that connects anew for each message.
pub(crate) struct Anew(pub(crate) PathBuf);

impl Client for Anew {
    fn send(&mut self, mail: &Mail) -> io::Result<Answered> {
        let begun = Instant::now();
        let answered = Milter::connect(&self.0)?.send(mail)?;
        Ok(Answered { begun, ..answered })
    }
}
