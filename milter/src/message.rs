//! A message as it comes in pieces.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use switchback_gateway::{Field, Mail, Text, Transaction};
use tokio::task::{AbortHandle, spawn};
use tokio::time::sleep;

use crate::limits::{RECEIVED_WITHIN, RECIPIENT_BYTES};
use crate::messages::Running;

/// A message that is being received: its bytes are built up as they arrived over SMTP, to the limit that is read.
#[derive(Debug)]
pub(crate) struct Incoming {
    /// What the mail server tells of it.
    pub(crate) transaction: Transaction,
    /// Shared with whoever forgets it when its time is over.
    text: Arc<Mutex<Text>>,
    is_header_over: bool,
    /// Whether its body is read.
    has_body: bool,
    /// Since the first piece of the text.
    time: Option<Time>,
    running: Running,
}

impl Incoming {
    /// A message of which nothing has come yet.
    pub(crate) fn new(transaction: Transaction, text: Text, running: Running) -> Self {
        let text = Arc::new(Mutex::new(text));
        Self { transaction, text, is_header_over: false, has_body: true, time: None, running }
    }

    /// Nobody scores it: its header is enough.
    pub(crate) fn leave_out_body(&mut self) {
        self.has_body = false;
    }

    /// Adds a recipient, if there is memory for one more.
    pub(crate) fn recipient(&mut self, address: &str, parameters: Vec<String>) {
        let bytes = RECIPIENT_BYTES + address.len() + parameters.iter().map(String::len).sum::<usize>();
        if !self.text().count_beside(bytes) {
            return;
        }
        let transaction = &mut self.transaction;
        transaction.envelope = std::mem::take(&mut transaction.envelope).recipient(address);
        transaction.recipient_parameters.push(parameters);
    }

    /// Adds a field. The value has everything behind the colon, its leading space included.
    pub(crate) fn field(&mut self, name: &[u8], value: &[u8]) {
        let mut text = self.begun();
        Field::new(name, value).write(|piece| _ = text.append(piece));
    }

    /// Ends the header.
    pub(crate) fn end_of_header(&mut self) {
        if !self.is_header_over {
            self.is_header_over = true;
            self.begun().append(b"\r\n");
        }
    }

    /// Adds a piece of the body, cut anywhere. Returns whether more is wanted.
    pub(crate) fn body(&mut self, piece: &[u8]) -> bool {
        self.end_of_header();
        let mut text = self.text();
        if !self.has_body {
            text.end();
        }
        text.append(piece)
    }

    /// What is to be judged, and what counts the message as being under way.
    pub(crate) fn into_mail(mut self) -> (Mail, Running) {
        self.end_of_header();
        let text = std::mem::replace(&mut *self.text(), Text::uncounted(0));
        (Mail::new(self.transaction, text), self.running)
    }

    fn text(&self) -> MutexGuard<'_, Text> {
        self.text.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The text, whose time begins now if it has not yet.
    fn begun(&mut self) -> MutexGuard<'_, Text> {
        let text = &self.text;
        self.time.get_or_insert_with(|| Time::of(text));
        self.text()
    }
}

/// The time in which a text has to come in whole: then it is forgotten, whether anything comes or not. Until this is dropped.
#[derive(Debug)]
struct Time(AbortHandle);

impl Time {
    fn of(text: &Arc<Mutex<Text>>) -> Self {
        let text = Arc::downgrade(text);
        let over = spawn(async move {
            sleep(RECEIVED_WITHIN).await;
            let Some(text) = text.upgrade() else { return };
            text.lock().unwrap_or_else(PoisonError::into_inner).forget();
            tracing::warn!(
                "a message is forgotten that did not come in within {RECEIVED_WITHIN:?}: its client tries again"
            );
        });
        Self(over.abort_handle())
    }
}

impl Drop for Time {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::messages::Messages;

    fn incoming(bytes_max: usize) -> Incoming {
        Incoming::new(Transaction::new(), Text::uncounted(bytes_max), Messages::none().begin().unwrap())
    }

    // authentication_milter#71, #74, rspamd#6194, mailparse#102: spaces, folds and bytes that a signature covers.
    #[tokio::test]
    async fn what_is_judged_is_what_arrived() {
        let mut incoming = incoming(1_000);
        for (name, value) in
            [("A", &b"x"[..]), ("A", b" x"), ("A", b"\n folded\n\ttwice "), ("Subject ", b" caf\xe9 \xff"), ("E", b"")]
        {
            incoming.field(name.as_bytes(), value);
        }
        incoming.end_of_header();
        for piece in [&b"a\r"[..], b"\n.b \xc3", b"\xa9\r\n", b"\n\r"] {
            assert!(incoming.body(piece));
        }
        let (mail, _) = incoming.into_mail();
        assert_eq!(
            mail.text.bytes(),
            b"A:x\r\nA: x\r\nA:\r\n folded\r\n\ttwice \r\nSubject : caf\xe9 \xff\r\nE:\r\n\r\na\r\n.b \xc3\xa9\r\n\n\r"
        );
        assert!(!mail.text.is_partial());
    }

    #[tokio::test]
    async fn a_message_is_read_to_the_limit_and_no_further() {
        let whole = b"A: b\r\n\r\n0123456789";
        for bytes_max in [1, 6, 7, 8, 12, whole.len() - 1, whole.len(), whole.len() + 1] {
            let mut incoming = incoming(bytes_max);
            incoming.field(b"A", b" b");
            let is_wanted = incoming.body(b"01234") & incoming.body(b"56789");
            let (mail, _) = incoming.into_mail();
            assert_eq!(mail.text.bytes(), &whole[..bytes_max.min(whole.len())], "{bytes_max}");
            let is_whole = bytes_max >= whole.len();
            assert_eq!((is_wanted, !mail.text.is_partial()), (is_whole, is_whole), "{bytes_max}");
        }
    }

    // authentication_milter#117: a body had another hash where it was cut in the middle of a line's end.
    #[tokio::test]
    async fn a_body_is_the_same_wherever_it_is_cut() {
        let body = b"a\r\n\r\ncaf\xc3\xa9 \xe2\x82\xac\r\n.\r\n\r\n";
        for (first, second) in
            (0..=body.len()).flat_map(|first| (first..=body.len()).map(move |second| (first, second)))
        {
            let mut incoming = incoming(1_000);
            for piece in [&body[..first], &body[first..second], &body[second..]] {
                assert!(incoming.body(piece));
            }
            assert_eq!(incoming.into_mail().0.text.bytes(), [&b"\r\n"[..], body].concat(), "{first}, {second}");
        }
    }

    #[tokio::test]
    async fn a_message_without_a_body_ends_with_its_header() {
        let mut incoming = incoming(100);
        incoming.field(b"A", b" b");
        incoming.end_of_header();
        assert_eq!(incoming.into_mail().0.text.bytes(), b"A: b\r\n\r\n");
    }

    // Its client may be silent for as long as a connection may.
    #[tokio::test(start_paused = true)]
    async fn a_text_that_does_not_come_in_whole_is_forgotten_and_its_message_goes_on() {
        let mut incoming = incoming(1_000);
        sleep(2 * RECEIVED_WITHIN).await;
        incoming.field(b"A", b" b");
        sleep(RECEIVED_WITHIN / 2).await;
        assert!(incoming.body(b"01234"));
        sleep(RECEIVED_WITHIN / 2).await;
        // Whoever forgets it is woken at the same time.
        sleep(Duration::from_millis(1)).await;
        assert_eq!(incoming.text().bytes(), b"");
        assert!(!incoming.body(b"56789"));
        assert!(incoming.into_mail().0.text.is_refused());
    }
}
