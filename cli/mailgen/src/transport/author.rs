//! What the author's program and provider write.

use super::{Letter, signature};
use crate::dice::{Dice, alphabet};
use crate::header::Header;
use crate::kind::Kind;
use crate::mailer::Mailer;
use crate::mime::{Word, encoded_words, header_text, mailbox};
use crate::provider::Provider;

/// Adds the fields below the receiving server's.
pub(super) fn fields(letter: &Letter<'_>, header: &mut Header, dice: &mut Dice) {
    let id = letter.mailer.message_id(letter.sender.domain(), letter.moment, dice);
    hops(letter, header, dice);
    header.field("From", &mailbox(&letter.sender.name, &letter.sender.address, letter.word));
    header.field("To", &to(letter, dice));
    header.field("Subject", &subject(letter, dice));
    header.field("Date", &letter.moment.rfc5322());
    header.field("Message-ID", &id);
    if let Some(answered) = letter.answers {
        header.field("In-Reply-To", answered.rsplit(' ').next().unwrap_or(answered));
        header.field("References", answered);
    }
    habits(letter, header, dice);
    bulk(letter, header, dice);
    reply_to(letter, header, dice);
    header.field("MIME-Version", "1.0");
    header.raw(&letter.entity.fields);
}

fn to(letter: &Letter<'_>, dice: &mut Dice) -> String {
    let name = if dice.chance(600) { letter.recipient_name } else { "" };
    if letter.kind == Kind::Spam && dice.chance(150) {
        return "undisclosed-recipients:;".to_owned();
    }
    mailbox(name, letter.recipient, letter.word)
}

fn subject(letter: &Letter<'_>, dice: &mut Dice) -> String {
    // Scripts encode what needs no encoding, to hide it.
    if letter.mailer == Mailer::Script && dice.chance(250) {
        return encoded_words(letter.subject, Word::B);
    }
    header_text(letter.subject, letter.word)
}

/// The hops inside the sender's network.
fn hops(letter: &Letter<'_>, header: &mut Header, dice: &mut Dice) {
    let at = letter.moment.plus(1).in_zone(if letter.mailer == Mailer::Google { -420 } else { 0 });
    let at = at.rfc5322();
    let queue = dice.characters(alphabet::LOWER_DIGITS, 12);
    let inner = dice.between(1, 254);
    let domain = letter.sender.domain();
    match letter.mailer {
        Mailer::Google => {
            let token = dice.characters(alphabet::BASE64_URL, 76);
            header.field("X-Gm-Message-State", &format!("AOJu0Y{token}"));
            header.field("X-Google-Smtp-Source", &format!("AGHT+I{}", dice.characters(alphabet::BASE64, 60)));
            header.field(
                "X-Received",
                &format!(
                    "by 2002:a05:6512:{}:b0:{}:{} with SMTP id\n {queue}-2002a05651{inner:04x}mr{};\n {at}",
                    dice.characters(alphabet::HEX, 4),
                    dice.characters(alphabet::HEX, 3),
                    dice.characters(alphabet::HEX, 4),
                    dice.between(1_000_000, 9_999_999)
                ),
            );
        }
        Mailer::Exchange => {
            for (name, value) in signature::arc(letter, dice) {
                header.field(name, &value);
            }
            let server = dice.characters(alphabet::UPPER, 3);
            header.field(
                "Received",
                &format!(
                    "from {server}PR04MB{inner}.eurprd04.prod.outlook.com\n (2603:10a6:{inner}::12) by \
                 {server}PR04MB{inner}.eurprd04.prod.outlook.com\n with HTTPS; {at}"
                ),
            );
        }
        Mailer::Platform => header.field("Received", &format!("by filterdrecv-{queue} with SMTP id {queue}-1\n\t{at}")),
        Mailer::Script => header.field(
            "Received",
            &format!(
                "by {domain} (Postfix, from userid {inner})\n\tid {}; {at}",
                dice.characters(alphabet::UPPER_HEX, 9)
            ),
        ),
        Mailer::Yahoo => header.field(
            "Received",
            &format!("from sonic.gate.mail.ne1.yahoo.com by\n sonic{inner}.consmr.mail.ir2.yahoo.com with HTTP; {at}"),
        ),
        Mailer::Apple if letter.provider == Provider::Gmail => header.field(
            "Received",
            &format!(
                "from smtpclient.apple ([198.51.100.{inner}])\n by smtp.gmail.com with ESMTPSA id\n {queue}; {at}"
            ),
        ),
        Mailer::Apple | Mailer::Desktop | Mailer::Proton => header.field(
            "Received",
            &format!(
                "from [192.168.1.{inner}] (unknown [198.51.100.{inner}])\n\tby mail.{domain} (Postfix) with ESMTPSA id \
             {};\n\t{at}",
                dice.characters(alphabet::UPPER_HEX, 10)
            ),
        ),
    }
}

/// Fields by which a program is recognised.
fn habits(letter: &Letter<'_>, header: &mut Header, dice: &mut Dice) {
    match letter.mailer {
        Mailer::Exchange => {
            header.field("Thread-Topic", &header_text(letter.subject, letter.word));
            header.field("Thread-Index", &format!("AQHb{}==", dice.characters(alphabet::BASE64, 26)));
            header.field("Accept-Language", dice.word(&["en-US", "en-GB, en-US", "de-DE, en-US"]));
            header.field("Content-Language", "en-US");
            header.field("X-MS-Has-Attach", "");
        }
        Mailer::Yahoo => header.field("X-Mailer", "WebService/1.1.23772 YMailNorrin"),
        Mailer::Apple => header.field(
            "X-Mailer",
            dice.word(&["iPhone Mail (22E240)", "iPad Mail (22D82)", "Apple Mail (2.3826.500.181.1.5)"]),
        ),
        Mailer::Proton => header.field("Feedback-ID", &format!("{}:user:proton", dice.between(1_000_000, 99_999_999))),
        Mailer::Desktop => header.field("User-Agent", "Mozilla Thunderbird"),
        Mailer::Script if dice.chance(500) => header.field(
            "X-Mailer",
            dice.word(&[
                "PHPMailer 6.6.0 (https://github.com/PHPMailer/PHPMailer)",
                "PHPMailer 5.2.9",
                "Leaf PHPMailer 2.8",
                "Microsoft Outlook Express 6.00.2600.0000",
            ]),
        ),
        _ => {}
    }
    if letter.mailer == Mailer::Script && dice.chance(200) {
        header.field("X-Priority", "1 (Highest)");
    }
}

/// What bulk mail has to carry (RFC 8058).
fn bulk(letter: &Letter<'_>, header: &mut Header, dice: &mut Dice) {
    let domain = letter.sender.domain();
    if letter.mailer == Mailer::Platform {
        let token = dice.characters(alphabet::BASE64_URL, 20);
        header.field("List-Unsubscribe", &format!("<https://click.{domain}/u/{token}>"));
        header.field("List-Unsubscribe-Post", "List-Unsubscribe=One-Click");
        header.field("Feedback-ID", &format!("{}:{}:bulk", dice.between(1000, 99_999), letter.kind.name()));
    } else if letter.kind == Kind::Spam && dice.chance(250) {
        header.field("List-Unsubscribe", &format!("<mailto:remove@{domain}>"));
    }
}

fn reply_to(letter: &Letter<'_>, header: &mut Header, dice: &mut Dice) {
    let share = match letter.kind {
        Kind::Spam => 200,
        Kind::Phish => 220,
        Kind::Receipt | Kind::Notification | Kind::Newsletter => 150,
        Kind::Personal | Kind::Work => 15,
    };
    if !dice.chance(share) {
        return;
    }
    let local = letter.sender.address.split('@').next().unwrap_or("reply");
    let address = if letter.kind.is_unwanted() {
        let domain = *dice.pick(&["gmail.com", "outlook.com", "proton.me"]);
        format!("{local}.{}@{domain}", dice.between(1, 999))
    } else {
        format!("reply@{}", letter.sender.domain())
    };
    header.field("Reply-To", &address);
}
