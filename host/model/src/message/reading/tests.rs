//! Freezes the reading: what is made of these messages stays, bit for bit, or has another number.

use std::fmt::Write as _;

use super::Reading;
use crate::message::{Attachment, Content, Header, Link, Mailbox, Message, Recipients};

/// Messages in which each rule of reading decides something.
const MESSAGES: &[(&str, &[u8])] = &[
    ("plain", b"From: A <a@x.example>\nReply-To: b@y.example\nSubject: hi  there\n\nDear friend,\r\n see http://x.example/a.\n"),
    ("latin1", b"Content-Type: text/plain; charset=iso-8859-1\n\ncaf\xe9\n"),
    ("no-charset", b"Subject: caf\xe9\n\ncaf\xe9 \xff\n"),
    ("utf8-as-ascii", b"Content-Type: text/plain; charset=us-ascii\n\nDzie\xc5\x84 dobry\n"),
    ("utf8-as-cp1251", b"Content-Type: text/plain; charset=windows-1251\n\nDzie\xc5\x84 dobry\n"),
    ("cp1251-like-utf8", b"Content-Type: text/plain; charset=windows-1251\n\n\xcd\xb3\n"),
    ("utf8-as-gbk", b"Content-Type: text/plain; charset=gbk\n\n\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82\n"),
    ("bom", b"Content-Type: text/plain; charset=utf-8\n\n\xef\xbb\xbfhi\n"),
    ("utf16", b"Content-Type: text/plain; charset=utf-16\nContent-Transfer-Encoding: base64\n\n//5oAGkA\n"),
    ("ascii-as-utf16", b"Content-Type: text/plain; charset=utf-16\n\nbuy pills now\n"),
    ("iso-2022-kr", b"Content-Type: text/plain; charset=iso-2022-kr\n\n\x1b$)C\x0e>H3g\x0f hi\n"),
    ("iso-2022-cn", b"Content-Type: text/plain; charset=iso-2022-cn\n\n\x1b$)A\x0eVPND\x0f hi\n"),
    ("hz", b"Content-Type: text/plain; charset=hz-gb-2312\n\n~{VPND~} ~~ hi\n"),
    ("iso-2022-jp", b"Content-Type: text/plain; charset=iso-2022-jp\n\n\x1b$B%O%m\x1b(B hi\n"),
    ("utf-7", b"Content-Type: text/plain; charset=utf-7\n\nhi +ZeVnLIqe"),
    ("ms949", b"Content-Type: text/plain; charset=MS949\n\n\xbe\xc8\xb3\xe7\n"),
    ("cp437", b"Content-Type: text/plain; charset=\"cp437\"\n\ncaf\x82 \xb0\n"),
    ("meta", b"Content-Type: text/html\n\n<meta charset=windows-1251><p>\xcf\xf0\xe8\xe2\xe5\xf2</p>"),
    ("broken-base64", b"Content-Transfer-Encoding: base64\n\naGVs*bG8=\n-- \n"),
    ("words", b"Subject: =?UTF-8?Q?caf=C3?=\r\n =?UTF-8?Q?=A9?= =?utf-8?b?YXU?= =?koi8-r*ru?q?=F0?= =?broken\n\nx\n"),
    ("words-ms949", b"Subject: =?ms949?B?vsiz5w==?=\nFrom: =?cp949?B?vsiz?= =?cp949?B?5w==?= <a@x.example>\n\nx\n"),
    ("html", b"Content-Type: text/html\n\n<title>t</title><p>Dear&nbsp;<b>friend</b></p><a href=' http://x.example/?a&amp;b '>Click\n here</a><pre>a  b</pre>"),
    ("mso", b"Content-Type: text/html\n\n<p>news</p><!--[if mso]><xml>96</xml><v:roundrect href=http://v.example><b>Verify</b></v:roundrect><![endif]--><![if !mso]>b<![endif]>"),
    ("targets", b"Content-Type: text/html\n\n<base href=http://x.example/><form action=/a><button formaction=//b.example/b></form>\
        <td background=bg.png style='background:url(u.png)'><img src=s.png srcset='c.png 1x, d.png 2x'><area href=e>\
        <meta http-equiv=refresh content='0;url=f'><video src=g poster=h></video>"),
    ("bare", b"\nsee www.x.example, bit.ly/a and //y.example/b; not report.pdf, src/main.rs or 1.2/3\n"),
    ("bare-html", b"Content-Type: text/html\n\n<a href=www.x.example/a>1</a><a href=bit.ly/b>2</a><a href=page.html>3</a> www.y.example"),
    ("file-names", b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\ntext\n\
        --b\nContent-Disposition: attachment; filename=\"invoice.pdf\"; filename*=utf-8''malicious.exe\n\n1\n\
        --b\nContent-Disposition: attachment; filename*0*=utf-8''caf%C3; filename*1*=%A9; filename*2=.pdf\n\n2\n\
        --b\nContent-Type: application/pdf; name=\"C:\\a\\x\xe2\x80\xaefdp.exe. \"\n\n3\n\
        --b\nContent-Type: application/pdf; name=\"=?utf-8?q?caf=C3?= =?utf-8?q?=A9.pdf?=\"\n\n4\n--b--\n"),
    ("file-names-beside", b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\ntext\n\
        --b\nContent-Disposition: filename=a.exe\n\n1\n\
        --b\nContent-Disposition: attachment; filename=a.exe (c)\n\n2\n\
        --b\nContent-Disposition: attachment; (c;) filename (x)=report (1).pdf\n\n3\n--b--\n"),
    ("foreign", b"Content-Type: text/html\n\n<style>p{}</style><svg><style>p{}<p>suspended <a href=http://192.0.2.1/x>verify</a>"),
    ("odd-hosts", b"\nsee http://3221225985/, http://[2001:db8::1]/a and http://0xc0.0.2.1/\n"),
    ("alternative", b"Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain; charset=iso-8859-1\n\
        Content-Transfer-Encoding: quoted-printable\n\ncaf=E9=\n!\n--b\nContent-Type: text/html\n\n<p>rich</p>\n--b--\n"),
];

/// The reading that is frozen here.
const NUMBER: u16 = 2;

/// What comes of them.
const FROZEN: &[(&str, &str)] = &[
    ("plain", "0c3f8dc783a70298"),
    ("latin1", "a3b7cb77553e3729"),
    ("no-charset", "62724ddd04548925"),
    ("utf8-as-ascii", "071123d4c83fcfdf"),
    ("utf8-as-cp1251", "0f4baf6cfc3b5bd4"),
    ("cp1251-like-utf8", "144928b4075dd0b2"),
    ("utf8-as-gbk", "c4427eb8a25b10b1"),
    ("bom", "f3791109296060e5"),
    ("utf16", "71044a2fa0b0493c"),
    ("ascii-as-utf16", "7096cac6cf0ae649"),
    ("iso-2022-kr", "457b4dfa96c7045a"),
    ("iso-2022-cn", "380e49900d5f5004"),
    ("hz", "e4ff043415c78919"),
    ("iso-2022-jp", "098f166819401e45"),
    ("utf-7", "c15c4559b01f01b2"),
    ("ms949", "d171774d1ce9684a"),
    ("cp437", "d01ef173392e6224"),
    ("meta", "a5ff36c0541a25fb"),
    ("broken-base64", "dcff7118aa471199"),
    ("words", "566cd39da3c14023"),
    ("words-ms949", "4f26a8ae3d5d9441"),
    ("html", "15256b1dd7671cec"),
    ("mso", "074de5d945e57369"),
    ("targets", "e9db2e32a3e3f983"),
    ("bare", "a02ed239a0c78c6e"),
    ("bare-html", "da398478b8e5b3aa"),
    ("file-names", "a64312c0ab60736d"),
    ("file-names-beside", "5716478cdb370e40"),
    ("foreign", "26dec2a93581d245"),
    ("odd-hosts", "98dcd07d7e145ae7"),
    ("alternative", "273800608abaf389"),
];

/// Everything that a reading is about, as text. Its form is frozen, too.
fn facts(message: &Message) -> String {
    let mut facts = String::new();
    let mut add = |what: &str, value: String| _ = writeln!(facts, "{what}: {value}");
    add("subject", format!("{:?}", message.subject()));
    for Mailbox { name, address, domain } in message.from().iter().chain(message.reply_to()) {
        add("mailbox", format!("Mailbox {{ name: {name:?}, address: {address:?}, domain: {domain:?} }}"));
    }
    for Header { name, value } in &message.headers(Recipients::Granted).items {
        add("header", format!("Header {{ name: {name:?}, value: {value:?} }}"));
    }
    for (what, Content { value, truncated }) in [("text", message.text(usize::MAX)), ("html", message.html(usize::MAX))]
    {
        add(what, format!("Content {{ value: {value:?}, truncated: {truncated} }}"));
    }
    for Link { url, host, text } in message.links(usize::MAX).items {
        add("link", format!("Link {{ url: {url:?}, host: {host:?}, text: {text:?} }}"));
    }
    for Attachment { name, media_type, size, sha256 } in message.attachments().items {
        let kind = format!("name: {name:?}, media_type: {media_type:?}");
        add("attachment", format!("Attachment {{ {kind}, size: {size}, sha256: {sha256:?} }}"));
    }
    add("content digest", format!("{:?}", message.content_digest()));
    add("fingerprint", format!("{:?}", message.fingerprint()));
    facts
}

#[test]
fn the_reading_is_frozen() {
    assert_eq!(Reading::CURRENT.number(), NUMBER, "freeze the digests of the new reading here");
    let found: Vec<(&str, String)> = MESSAGES
        .iter()
        .map(|(name, bytes)| {
            let digest = blake3::hash(facts(&Message::parse(*bytes)).as_bytes());
            (*name, digest.to_hex()[..16].to_owned())
        })
        .collect();
    let changed: Vec<&str> = found
        .iter()
        .filter(|(name, digest)| !FROZEN.contains(&(*name, digest.as_str())))
        .map(|(name, _)| *name)
        .collect();
    let lines: String = found.iter().map(|(name, digest)| format!("    (\"{name}\", \"{digest}\"),\n")).collect();
    assert!(
        changed.is_empty() && found.len() == FROZEN.len(),
        "{changed:?} read otherwise than reading {NUMBER} does. What models see of a message never changes under one \
         number, because recorded verdicts are computed again by it: if this is meant, raise Reading::CURRENT, say what \
         changed in docs/reading.md and CHANGELOG.md, and freeze these digests with the new number:\n{lines}"
    );
}

#[test]
fn what_names_no_reading_has_the_first() {
    assert_eq!(Reading::unnamed(), Reading::FIRST);
    assert_eq!(serde_json::to_string(&Reading::CURRENT).unwrap(), NUMBER.to_string());
    assert_eq!(Reading::CURRENT.to_string(), NUMBER.to_string());
}
