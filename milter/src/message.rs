//! A message as it comes in pieces.

use switchback_gateway::{Field, Mail, Transaction};

use crate::messages::Running;

/// A message that is being received: its bytes are built up as they arrived over SMTP, to the limit that is read.
#[derive(Debug)]
pub(crate) struct Incoming {
    /// What the mail server tells of it.
    pub(crate) transaction: Transaction,
    bytes: Vec<u8>,
    bytes_max: usize,
    is_partial: bool,
    is_header_over: bool,
    running: Running,
}

impl Incoming {
    /// A message of which nothing has come yet.
    pub(crate) fn new(transaction: Transaction, bytes_max: usize, running: Running) -> Self {
        Self { transaction, bytes: Vec::new(), bytes_max, is_partial: false, is_header_over: false, running }
    }

    /// Adds a field. The value has everything behind the colon, its leading space included.
    pub(crate) fn field(&mut self, name: &[u8], value: &[u8]) {
        let field = Field::new(name, value);
        if self.is_partial {
            return;
        }
        field.append_to(&mut self.bytes);
        self.is_partial = self.bytes.len() > self.bytes_max;
        self.bytes.truncate(self.bytes_max);
    }

    /// Ends the header.
    pub(crate) fn end_of_header(&mut self) {
        if !self.is_header_over {
            self.is_header_over = true;
            self.append(b"\r\n");
        }
    }

    /// Adds a piece of the body, cut anywhere. Returns whether the limit is reached and no more is read.
    pub(crate) fn body(&mut self, piece: &[u8]) -> bool {
        self.end_of_header();
        self.append(piece);
        self.is_partial
    }

    /// What is to be judged, and what counts the message as being under way.
    pub(crate) fn into_mail(mut self) -> (Mail, Running) {
        self.end_of_header();
        let mail = if self.is_partial { Mail::partial } else { Mail::new };
        (mail(self.transaction, self.bytes), self.running)
    }

    fn append(&mut self, bytes: &[u8]) {
        let room = self.bytes_max - self.bytes.len();
        self.is_partial |= bytes.len() > room;
        self.bytes.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::Messages;

    fn incoming(bytes_max: usize) -> Incoming {
        Incoming::new(Transaction::new(), bytes_max, Messages::none().begin().unwrap())
    }

    // authentication_milter#71, #74, rspamd#6194, mailparse#102: spaces, folds and bytes that a signature covers.
    #[test]
    fn what_is_judged_is_what_arrived() {
        let mut incoming = incoming(1_000);
        for (name, value) in
            [("A", &b"x"[..]), ("A", b" x"), ("A", b"\n folded\n\ttwice "), ("Subject ", b" caf\xe9 \xff"), ("E", b"")]
        {
            incoming.field(name.as_bytes(), value);
        }
        incoming.end_of_header();
        for piece in [&b"a\r"[..], b"\n.b \xc3", b"\xa9\r\n", b"\n\r"] {
            assert!(!incoming.body(piece));
        }
        let (mail, _) = incoming.into_mail();
        assert_eq!(
            mail.bytes,
            b"A:x\r\nA: x\r\nA:\r\n folded\r\n\ttwice \r\nSubject : caf\xe9 \xff\r\nE:\r\n\r\na\r\n.b \xc3\xa9\r\n\n\r"
        );
        assert!(!mail.is_partial);
    }

    #[test]
    fn a_message_is_read_to_the_limit_and_no_further() {
        let whole = b"A: b\r\n\r\n0123456789";
        for bytes_max in [1, 6, 7, 8, 12, whole.len() - 1, whole.len(), whole.len() + 1] {
            let mut incoming = incoming(bytes_max);
            incoming.field(b"A", b" b");
            let is_over = incoming.body(b"01234") | incoming.body(b"56789");
            let (mail, _) = incoming.into_mail();
            assert_eq!(mail.bytes, whole[..bytes_max.min(whole.len())], "{bytes_max}");
            assert_eq!((is_over, mail.is_partial), (bytes_max < whole.len(), bytes_max < whole.len()), "{bytes_max}");
        }
    }

    // authentication_milter#117: a body had another hash where it was cut in the middle of a line's end.
    #[test]
    fn a_body_is_the_same_wherever_it_is_cut() {
        let body = b"a\r\n\r\ncaf\xc3\xa9 \xe2\x82\xac\r\n.\r\n\r\n";
        for (first, second) in
            (0..=body.len()).flat_map(|first| (first..=body.len()).map(move |second| (first, second)))
        {
            let mut incoming = incoming(1_000);
            for piece in [&body[..first], &body[first..second], &body[second..]] {
                assert!(!incoming.body(piece));
            }
            assert_eq!(incoming.into_mail().0.bytes, [&b"\r\n"[..], body].concat(), "{first}, {second}");
        }
    }

    #[test]
    fn a_message_without_a_body_ends_with_its_header() {
        let mut incoming = incoming(100);
        incoming.field(b"A", b" b");
        incoming.end_of_header();
        assert_eq!(incoming.into_mail().0.bytes, b"A: b\r\n\r\n");
    }
}
