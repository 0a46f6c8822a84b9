//! SMTP, with the commands of a message in one piece (RFC 2920).

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::time::Instant;

use crate::client::{Answer, Answered, Client, odd};
use crate::mail::{Mail, RECIPIENT, SENDER};

/// A connection, introduced as that of a client from outside.
pub(crate) struct Smtp(BufReader<TcpStream>);

impl Smtp {
    pub(crate) fn connect(port: u16) -> io::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        let mut smtp = Self(BufReader::new(stream));
        smtp.expect("220")?;
        smtp.say("EHLO proxy.example\r\n", "250")?;
        smtp.say("XCLIENT ADDR=192.0.2.7 NAME=mail.sender.example\r\n", "220")?;
        smtp.say("EHLO mail.sender.example\r\n", "250")?;
        Ok(smtp)
    }

    fn say(&mut self, command: &str, code: &str) -> io::Result<()> {
        self.0.get_mut().write_all(command.as_bytes())?;
        self.expect(code)
    }

    fn expect(&mut self, code: &str) -> io::Result<()> {
        let reply = self.reply()?;
        if reply.starts_with(code) { Ok(()) } else { Err(odd(reply)) }
    }

    /// The last line of the next reply.
    fn reply(&mut self) -> io::Result<String> {
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if line.as_bytes().get(3) != Some(&b'-') {
                return Ok(line);
            }
        }
    }
}

impl Client for Smtp {
    fn send(&mut self, mail: &Mail) -> io::Result<Answered> {
        let begun = Instant::now();
        let commands = format!("MAIL FROM:<{SENDER}>\r\nRCPT TO:<{RECIPIENT}>\r\nDATA\r\n");
        self.0.get_mut().write_all(commands.as_bytes())?;
        for code in ["250", "250", "354"] {
            self.expect(code)?;
        }
        self.0.get_mut().write_all(&mail.data)?;
        let sent = Instant::now();
        let reply = self.reply()?;
        let waited = sent.elapsed();
        let answer = if reply.starts_with('4') { Answer::Tempfail } else { Answer::Judged };
        Ok(Answered { answer, begun, waited })
    }
}
