//! What takes a message back to the mail server.

/// A message on its way, to those recipients that do not have it yet.
pub(super) struct Letter<'a> {
    pub(super) sender: &'a str,
    pub(super) mail_parameters: &'a [String],
    pub(super) recipients: Vec<Addressee<'a>>,
    pub(super) bytes: &'a [u8],
}

/// A recipient of a letter.
#[derive(Clone, Copy)]
pub(super) struct Addressee<'a> {
    pub(super) address: &'a str,
    pub(super) parameters: &'a [String],
}

/// What became of a letter.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Carried {
    /// The mail server has answered for each recipient: with `Ok` it has the message, with `Err` it has not.
    Answered(Vec<Result<String, String>>),
    /// The mail server does not have it, and why.
    NotSent(String),
    /// Nobody knows whether the mail server has it, and why.
    Uncertain(String),
}

/// A way to the mail server.
pub(super) trait Carrier {
    /// What it is called: `smtp 127.0.0.1:10026`.
    fn name(&self) -> String;

    /// Whether the mail server is there; else why not.
    fn reach(&mut self) -> Result<(), String>;

    /// Takes a letter there.
    fn carry(&mut self, letter: &Letter<'_>) -> Carried;
}

impl Letter<'_> {
    /// Why no command could name the sender or a recipient, if that is so: what would end the command's line, or its path.
    pub(super) fn unfit(&self) -> Option<String> {
        let is_fit = |address: &str| !address.chars().any(|c| c.is_control() || matches!(c, '<' | '>'));
        let is_token = |parameter: &String| !parameter.chars().any(|c| c.is_control() || c.is_whitespace());
        let parameters = self.recipients.iter().flat_map(|to| to.parameters).chain(self.mail_parameters);
        if !is_fit(self.sender) || !self.recipients.iter().all(|to| is_fit(to.address)) {
            return Some("an address of its envelope has characters that no command of SMTP can have".to_owned());
        }
        let odd = !parameters.into_iter().all(is_token);
        odd.then(|| "a parameter of its envelope has characters that no command of SMTP can have".to_owned())
    }
}
