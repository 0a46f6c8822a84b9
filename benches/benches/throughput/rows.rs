//! What is measured, and the table of it.

use std::io;
use std::path::PathBuf;

use crate::client::{Client, Connect};
use crate::load::{Measured, Pace};
use crate::mail::Mail;
use crate::milter::{Anew, Milter};
use crate::smtp::Smtp;
use crate::spamd::Spamc;

/// How many clients send mail to Postfix at the same time.
const SMTP_CLIENTS: usize = 8;

/// Of the messages of a round, Postfix gets one in so many: it writes each to the disk.
const SMTP_SLOWER: usize = 4;

/// A row: a server, and how it is used.
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) clients: usize,
    how: &'static str,
    connect: Connect,
    socket: PathBuf,
    servers: Vec<u32>,
    /// It gets one in so many of the messages.
    one_in: usize,
    /// At half the rate of the row that sends as fast as it can.
    is_at_half: bool,
    is_signed: bool,
    measured: Measured,
}

impl Row {
    fn new(name: &str, how: &'static str, clients: usize, server: u32, connect: Connect) -> Self {
        Self {
            name: name.to_owned(),
            clients,
            how,
            connect,
            socket: PathBuf::new(),
            servers: vec![server],
            one_in: 1,
            is_at_half: false,
            is_signed: false,
            measured: Measured::default(),
        }
    }

    /// A milter.
    pub(crate) fn milter(name: &str, socket: PathBuf, server: u32, clients: usize) -> Self {
        let place = socket.clone();
        let connect = Box::new(move || Ok(Box::new(Milter::connect(&place)?) as Box<dyn Client>));
        Self { socket, ..Self::new(name, "milter", clients, server, connect) }
    }

    /// Postfix, and the milter that it asks, if it asks one.
    pub(crate) fn smtp(name: &str, port: u16, server: u32, filter: Option<u32>) -> Self {
        let connect = Box::new(move || Ok(Box::new(Smtp::connect(port)?) as Box<dyn Client>));
        let mut row = Self::new(name, "SMTP", SMTP_CLIENTS, server, connect).slower(SMTP_SLOWER);
        row.servers.extend(filter);
        row
    }

    /// A server of spamd's protocol.
    pub(crate) fn spamd(name: &str, socket: PathBuf, server: u32, clients: usize) -> Self {
        let connect = Box::new(move || Ok(Box::new(Spamc(socket.clone())) as Box<dyn Client>));
        Self::new(name, "spamd", clients, server, connect)
    }

    /// Each message on a connection of its own.
    pub(crate) fn anew(mut self) -> Self {
        let socket = self.socket.clone();
        self.connect = Box::new(move || Ok(Box::new(Anew(socket.clone())) as Box<dyn Client>));
        self.how = "milter, a connection for each message";
        self
    }

    /// At half the rate that the same row has had without this.
    pub(crate) fn at_half(self) -> Self {
        Self { is_at_half: true, how: "milter, at half the rate", ..self }
    }

    /// With a signature of the sender's on each message.
    pub(crate) fn signed(self) -> Self {
        Self { is_signed: true, ..self }
    }

    /// A server that is so many times slower gets fewer messages.
    pub(crate) fn slower(self, one_in: usize) -> Self {
        Self { one_in, ..self }
    }

    fn run(&mut self, mail: &[Mail], pace: Pace, measured: &mut Measured) -> io::Result<()> {
        let count = mail.len().div_ceil(self.one_in);
        measured.run(&mail[..count], self.clients, pace, &self.connect, &self.servers)
    }
}

/// Measures each row in each round, after one that does not count, and prints the table.
pub(crate) fn measure(rows: &mut [Row], rounds: usize, mail: &[Mail], signed: &[Mail]) -> io::Result<()> {
    for round in 0..=rounds {
        for place in 0..rows.len() {
            let pace = if round > 0 { pace(rows, place) } else { Pace::Eager };
            let row = &mut rows[place];
            let mail = if row.is_signed { signed } else { mail };
            eprintln!("round {round} of {rounds}: {}, {}, {} clients", row.name, row.how, row.clients);
            let mut measured = if round > 0 { std::mem::take(&mut row.measured) } else { Measured::default() };
            row.run(mail, pace, &mut measured)?;
            row.measured = if round > 0 { measured } else { Measured::default() };
        }
    }
    print(rows);
    Ok(())
}

fn pace(rows: &[Row], place: usize) -> Pace {
    let row = &rows[place];
    let base = rows.iter().find(|base| base.name == row.name && base.clients == row.clients && !base.is_at_half);
    base.filter(|_| row.is_at_half).map_or(Pace::Eager, |base| Pace::half_of(&base.measured))
}

fn print(rows: &mut [Row]) {
    println!(
        "\n| what | how | clients | messages | KiB each | messages/s | messages/s per core | cores, servers + clients | \
         whole message, ms, p50 / p99 | last byte to answer, ms, p50 / p99 |\n|---|---|---|---|---|---|---|---|---|---|"
    );
    for row in rows.iter_mut() {
        println!("| {} | {} | {} | {}", row.name, row.how, row.clients, row.measured.line());
    }
    println!();
    for row in rows.iter().filter(|row| row.measured.tempfails() > 0) {
        println!("NOT JUDGED: {} messages of {}, {} clients", row.measured.tempfails(), row.name, row.clients);
    }
    for row in rows.iter() {
        // Against the row that a reader looks for: the same protocol, the first of as many clients.
        let Some(base) = rows.iter().find(|base| base.how == row.how && base.clients == row.clients) else { continue };
        if !std::ptr::eq(base, row) {
            let (core, rate) = (
                row.measured.rate_of_a_core() / base.measured.rate_of_a_core(),
                row.measured.rate() / base.measured.rate(),
            );
            println!(
                "RATIO {}, {} clients, over {}: {core:.3} per core, {rate:.3} in all",
                row.name, row.clients, base.name
            );
        }
    }
}
