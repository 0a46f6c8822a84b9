//! Clients that send messages at the same time, and what is measured of them.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use switchback_benches::quantile;

use crate::client::{Answer, Answered, Connect};
use crate::mail::Mail;
use crate::process::{own_time, time_at_rest};

/// When messages are sent.
#[derive(Clone, Copy)]
pub(crate) enum Pace {
    /// Each client sends the next one when it has its answer.
    Eager,
    /// One each interval, whatever the answers take: a message that finds no free client waits, and its time counts from when
    /// it was due.
    Every(Duration),
}

impl Pace {
    /// Half as many messages in a second.
    pub(crate) fn half_of(measured: &Measured) -> Self {
        Self::Every(Duration::from_secs_f64(2.0 / measured.rate()))
    }
}

/// What was measured, of one run or of several.
#[derive(Default)]
pub(crate) struct Measured {
    answers: BTreeMap<Answer, usize>,
    bytes: usize,
    /// From the first message to the last answer.
    elapsed: Duration,
    /// Of processors: what the servers took, and what this process took.
    servers: Duration,
    clients: Duration,
    /// From a message's first byte to its answer, and from its last byte.
    whole: Vec<Duration>,
    waited: Vec<Duration>,
}

impl Measured {
    /// Sends these messages, each once, by so many clients. The servers are those of which these are the first processes.
    pub(crate) fn run(
        &mut self,
        mail: &[Mail],
        clients: usize,
        pace: Pace,
        connect: &Connect,
        servers: &[u32],
    ) -> io::Result<()> {
        let before = (time_at_rest(servers), own_time());
        let next = AtomicUsize::new(0);
        let start = Instant::now();
        let work = || one_client(mail, &next, start, pace, connect);
        let answered: io::Result<Vec<_>> = thread::scope(|scope| {
            let working: Vec<_> = (0..clients).map(|_| scope.spawn(work)).collect();
            working.into_iter().map(|one| one.join().expect("a client does not panic")).collect()
        });
        self.elapsed += start.elapsed();
        self.clients += own_time() - before.1;
        for (answered, whole) in answered?.into_iter().flatten() {
            *self.answers.entry(answered.answer).or_default() += 1;
            self.whole.push(whole);
            self.waited.push(answered.waited);
        }
        self.bytes += mail.iter().map(|mail| mail.bytes.len()).sum::<usize>();
        self.servers += time_at_rest(servers) - before.0;
        Ok(())
    }

    fn messages(&self) -> usize {
        self.whole.len()
    }

    /// Messages in a second.
    pub(crate) fn rate(&self) -> f64 {
        self.messages() as f64 / self.elapsed.as_secs_f64()
    }

    /// Messages for each second that the servers have worked.
    pub(crate) fn rate_of_a_core(&self) -> f64 {
        self.messages() as f64 / self.servers.as_secs_f64()
    }

    /// A line of the table, behind what was measured.
    pub(crate) fn line(&mut self) -> String {
        let of_elapsed = |time: Duration| time.as_secs_f64() / self.elapsed.as_secs_f64();
        let cores = format!("{:.2} + {:.2}", of_elapsed(self.servers), of_elapsed(self.clients));
        let (messages, kib) = (self.messages(), self.bytes as f64 / self.messages() as f64 / 1024.0);
        let (rate, rate_of_a_core) = (self.rate(), self.rate_of_a_core());
        let [whole, waited] = [&mut self.whole, &mut self.waited].map(|times| {
            let [median, high] = [0.5, 0.99].map(|q| quantile(times, q).as_secs_f64() * 1e3);
            format!("{median:.2} / {high:.2}")
        });
        format!("{messages} | {kib:.1} | {rate:.0} | {rate_of_a_core:.0} | {cores} | {whole} | {waited} |")
    }

    /// How many messages nobody judged.
    pub(crate) fn tempfails(&self) -> usize {
        self.answers.get(&Answer::Tempfail).copied().unwrap_or_default()
    }
}

/// What one client has sent, with the time of each whole message.
fn one_client(
    mail: &[Mail],
    next: &AtomicUsize,
    start: Instant,
    pace: Pace,
    connect: &Connect,
) -> io::Result<Vec<(Answered, Duration)>> {
    let mut client = connect()?;
    let mut answered = Vec::new();
    loop {
        let place = next.fetch_add(1, Ordering::Relaxed);
        let Some(mail) = mail.get(place) else { return Ok(answered) };
        let due = match pace {
            Pace::Eager => None,
            Pace::Every(interval) => Some(start + interval * u32::try_from(place).map_err(io::Error::other)?),
        };
        if let Some(due) = due {
            thread::sleep(due.saturating_duration_since(Instant::now()));
        }
        let one = client.send(mail)?;
        let whole = due.unwrap_or(one.begun).elapsed();
        answered.push((one, whole));
    }
}
