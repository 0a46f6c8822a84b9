//! A header under construction.

/// Where a folded line ends, if it can (RFC 5322, section 2.1.1).
const LINE_MAX: usize = 78;

/// Header fields in the order of the message.
#[derive(Debug, Default)]
pub(crate) struct Header {
    text: String,
}

impl Header {
    /// Adds a field, folded at spaces; a line break in `value` is a fold that the writer chose.
    pub(crate) fn field(&mut self, name: &str, value: &str) {
        self.text.push_str(name);
        self.text.push(':');
        let mut column = name.len() + 1;
        for (index, line) in value.split('\n').enumerate() {
            if index > 0 {
                self.text.push_str("\r\n");
                column = 0;
            }
            for word in line.split(' ') {
                if column > 1 && column + 1 + word.len() > LINE_MAX {
                    self.text.push_str("\r\n");
                    column = 0;
                }
                self.text.push(' ');
                self.text.push_str(word);
                column += 1 + word.len();
            }
        }
        self.text.push_str("\r\n");
    }

    /// Adds fields that are complete already.
    pub(crate) fn raw(&mut self, fields: &str) {
        self.text.push_str(fields);
    }

    /// The fields.
    pub(crate) fn into_text(self) -> String {
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_fields_are_folded_at_spaces() {
        let mut header = Header::default();
        header.field("Subject", &"word ".repeat(40).trim_end().replace("word", "words"));
        let text = header.into_text();
        assert!(text.split("\r\n").all(|line| line.len() <= LINE_MAX));
        assert_eq!(text.matches("words").count(), 40);
        assert!(text.split("\r\n").skip(1).all(|line| line.is_empty() || line.starts_with(" w")));
    }
}
