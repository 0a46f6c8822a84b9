//! A server that takes mail by SMTP as it is told to, and keeps what it took.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// What is offered by every server of these days.
pub(super) const OFFERS: &[&str] = &["8BITMIME", "SMTPUTF8", "DSN", "SIZE 100000000"];

/// What a server does.
#[derive(Clone, Copy)]
pub(super) struct Script {
    pub(super) offers: &'static [&'static str],
    /// The answer to a recipient, unless it is accepted.
    pub(super) recipient: fn(&str) -> Option<&'static str>,
    pub(super) end: End,
}

/// What a server does with a message.
#[derive(Clone, Copy)]
pub(super) enum End {
    /// It takes it.
    Take,
    /// It answers so at the end of the message.
    Answer(&'static str),
    /// It hangs up in the middle of the message.
    HangUp,
    /// It takes it, and hangs up before it says so.
    TakeAndHangUp,
}

pub(super) const TAKE: Script = Script { offers: OFFERS, recipient: |_| None, end: End::Take };

/// What was taken in one transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Taken {
    pub(super) mail: String,
    pub(super) recipients: Vec<String>,
    pub(super) bytes: Vec<u8>,
}

/// The server. Its threads end with the test's process.
pub(super) struct Sink {
    pub(super) address: SocketAddr,
    taken: Arc<Mutex<Vec<Taken>>>,
}

impl Sink {
    pub(super) fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let taken = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&taken);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let taken = Arc::clone(&kept);
                // A client that dies ends its connection in any place.
                thread::spawn(move || drop(Session::new(stream.unwrap(), script).serve(&taken)));
            }
        });
        Self { address, taken }
    }

    pub(super) fn taken(&self) -> Vec<Taken> {
        self.taken.lock().unwrap().clone()
    }
}

struct Session {
    input: BufReader<TcpStream>,
    output: TcpStream,
    script: Script,
}

impl Session {
    fn new(stream: TcpStream, script: Script) -> Self {
        Self { input: BufReader::new(stream.try_clone().unwrap()), output: stream, script }
    }

    fn say(&mut self, line: &str) -> std::io::Result<()> {
        self.output.write_all(format!("{line}\r\n").as_bytes())
    }

    fn serve(mut self, taken: &Mutex<Vec<Taken>>) -> std::io::Result<()> {
        self.say("220 sink.example ESMTP")?;
        let (mut mail, mut recipients) = (String::new(), Vec::new());
        loop {
            let mut line = Vec::new();
            if self.input.read_until(b'\n', &mut line)? == 0 {
                return Ok(());
            }
            let line = String::from_utf8(line).unwrap().trim_end().to_owned();
            match line.split_whitespace().next().unwrap_or_default().to_uppercase().as_str() {
                "EHLO" => {
                    let lines = ["sink.example"].iter().chain(self.script.offers).map(|line| format!("250-{line}\r\n"));
                    let lines: String = lines.collect();
                    self.say(&format!("{lines}250 HELP"))?;
                }
                "MAIL" => {
                    (mail, recipients) = (line, Vec::new());
                    self.say("250 2.1.0 Ok")?;
                }
                "RCPT" => match (self.script.recipient)(&line) {
                    Some(refusal) => self.say(refusal)?,
                    None => {
                        recipients.push(line);
                        self.say("250 2.1.5 Ok")?;
                    }
                },
                "DATA" => {
                    self.say("354 go on")?;
                    if matches!(self.script.end, End::HangUp) {
                        let mut some = Vec::new();
                        self.input.read_until(b'\n', &mut some)?;
                        return Ok(());
                    }
                    let bytes = self.text()?;
                    if let End::Answer(answer) = self.script.end {
                        self.say(answer)?;
                        continue;
                    }
                    taken.lock().unwrap().push(Taken { mail: mail.clone(), recipients: recipients.clone(), bytes });
                    if matches!(self.script.end, End::TakeAndHangUp) {
                        return Ok(());
                    }
                    self.say("250 2.0.0 Ok: queued as 1")?;
                }
                "RSET" => self.say("250 2.0.0 Ok")?,
                "QUIT" => return self.say("221 2.0.0 Bye"),
                _ => self.say("500 5.5.2 what?")?,
            }
        }
    }

    /// The message, without the dots that were added on its way (RFC 5321, section 4.5.2).
    fn text(&mut self) -> std::io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        loop {
            let mut line = Vec::new();
            if self.input.read_until(b'\n', &mut line)? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            if line == b".\r\n" {
                return Ok(bytes);
            }
            bytes.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        }
    }
}
