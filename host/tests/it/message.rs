//! Messages as models see them, on real mail and on mail that was damaged on purpose.

use switchback::Message;
use switchback::message::{FeatureKind, Recipients};

/// Asks for everything that a model can ask for, and checks what the contract promises of each answer.
pub(crate) fn drive(message: &Message) {
    assert!(message.subject().len() <= 4_096);
    for mailbox in message.from().iter().chain(message.reply_to()) {
        assert!(mailbox.name.len() <= 1_024 && mailbox.address.len() <= 1_024);
        assert_eq!(*mailbox.domain, *mailbox.domain.to_lowercase());
    }
    assert!(message.from().len() <= 16 && message.reply_to().len() <= 16);
    let _ = (message.date(), message.sender_domain(), message.defects(), message.authentication());
    let _ = (message.fingerprint(), message.context_digest(), message.is_sender_authenticated());
    let _ = (message.content_digest(), message.hidden_text(), message.facts());
    for kind in FeatureKind::ALL {
        let _ = message.features(kind);
    }
    let text = message.text(usize::MAX);
    assert!(text.value.len() <= 262_144 && message.html(usize::MAX).value.len() <= 262_144);
    let cut = message.text(100);
    assert!(text.value.starts_with(cut.value) && cut.value.len() <= 100);
    assert_eq!(cut.truncated, text.truncated || cut.value.len() < text.value.len());
    drive_lists(message);
    for recipients in [Recipients::Masked, Recipients::Granted] {
        drive_header(message, recipients);
    }
}

fn drive_lists(message: &Message) {
    let links = message.links(usize::MAX);
    assert!(links.items.len() <= 512);
    for link in links.items {
        assert!(link.url.len() <= 2_048 && link.text.len() <= 256, "{link:?}");
        assert_eq!(*link.host, *link.host.to_lowercase());
    }
    let attachments = message.attachments();
    assert!(attachments.items.len() <= 64);
    assert_eq!(attachments.truncated, message.counts(Recipients::Masked).attachments > 64);
    for attachment in attachments.items {
        assert!(attachment.name.len() <= 255 && attachment.sha256.len() == 64);
    }
}

fn drive_header(message: &Message, recipients: Recipients) {
    let headers = message.headers(recipients);
    assert!(headers.items.len() <= 512);
    let count = message.counts(recipients).headers as usize;
    assert!(headers.items.len() == count.min(512));
    for header in &headers.items {
        assert!(header.value.len() <= 8_192);
        assert!(!header.name.to_ascii_lowercase().starts_with("x-spam"));
    }
    assert!(message.header("received", recipients).len() <= 64);
    assert!(message.header("to", recipients).is_empty() || recipients == Recipients::Granted);
    assert!(message.raw(0, u32::MAX, recipients).len() <= 65_536);
    assert!(message.raw(message.size() / 2, 100, recipients).len() <= 100);
}
