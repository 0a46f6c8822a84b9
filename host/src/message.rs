//! What a filter hands over: a message and what is known of it beside; and the facts that the host reads from it.

pub use switchback_model::message::{
    Attachment, Attachments, AuthResult, Authentication, Author, Authorship, Client, Content, Counts, Defects, Doubt,
    Envelope, Fact, Facts, FeatureKind, Features, Fingerprint, Header, HeaderFields, InvalidFingerprint, Link, Links,
    Mailbox, Message, MessageBuilder, Reading, Recipient, RecipientList, Recipients, Structure,
};
