//! What servers on the way leave in the header, as it is in the 2020s.

use super::Letter;
use crate::dice::{Dice, alphabet};
use crate::header::Header;
use crate::mailer::Mailer;
use crate::provider::Provider;

use super::{AUTHSERV_ID, signature};

/// Of 1,000 messages: how many a filter in front of the server has looked at, how many came through a gateway, and how many were
/// forwarded, which seals them.
const FILTERED: u32 = 700;
const THROUGH_GATEWAY: u32 = 750;
const FORWARDED: u32 = 260;

/// Adds the hops within the receiver's network, the newest first.
pub(super) fn inner_hops(letter: &Letter<'_>, header: &mut Header, dice: &mut Dice) {
    for hop in 0..dice.weighted([10, 30, 35, 20, 5]) {
        header.field("Received", &inner_hop(letter, hop, dice));
    }
}

/// Adds what was written on the way, the newest first.
pub(super) fn fields(letter: &Letter<'_>, header: &mut Header, dice: &mut Dice) {
    if dice.chance(FILTERED) {
        filter(letter, header, dice);
    }
    if dice.chance(THROUGH_GATEWAY) {
        gateway(letter, header, dice);
    }
    if dice.chance(FORWARDED) {
        for (name, value) in signature::arc(letter, dice) {
            header.field(name, &value);
        }
    }
    if letter.mailer == Mailer::Exchange || dice.chance(250) {
        exchange(letter, header, dice);
    }
    if letter.provider == Provider::Platform {
        platform(letter, header, dice);
    }
    if let Some(list) = letter.list {
        mailing_list(list, letter, header, dice);
    }
}

fn inner_hop(letter: &Letter<'_>, hop: usize, dice: &mut Dice) -> String {
    let at = letter.moment.plus(20 - hop as i64).in_zone(0).rfc5322();
    let id = dice.characters(alphabet::LOWER_DIGITS, 14);
    match dice.below(3) {
        0 => format!(
            "from relay{hop}.example.net (relay{hop}.example.net [192.0.2.{hop}])\n\tby store{hop}.example.net with LMTP\n\tid {id}/{id}\n\t(envelope-from <{}>)\n\tfor <{}>; {at}",
            letter.sender.address, letter.recipient
        ),
        1 => format!(
            "from localhost (localhost [127.0.0.1])\n\tby {AUTHSERV_ID} (Postfix) with ESMTP id {id}\n\tfor <{}>; {at}",
            letter.recipient
        ),
        _ => format!(
            "from {AUTHSERV_ID} ([192.0.2.{}])\n\tby scan{hop}.example.net (scan{hop}.example.net [192.0.2.{hop}]) (port 10024)\n\twith ESMTP (TLSv1.3:TLS_AES_256_GCM_SHA384:256) id {id}; {at}",
            dice.between(10, 250)
        ),
    }
}

/// A filter's report.
fn filter(letter: &Letter<'_>, header: &mut Header, dice: &mut Dice) {
    header.field("X-Virus-Scanned", "Debian amavisd-new at scan.example.net");
    header.field("X-Spam-Flag", if letter.kind.is_unwanted() && dice.chance(300) { "YES" } else { "NO" });
    let tests = [
        "BAYES_00=-1.9",
        "BAYES_50=0.8",
        "DKIM_SIGNED=0.1",
        "DKIM_VALID=-0.1",
        "DKIM_VALID_AU=-0.1",
        "DKIM_VALID_EF=-0.1",
        "FREEMAIL_FROM=0.001",
        "HTML_FONT_LOW_CONTRAST=0.001",
        "HTML_IMAGE_RATIO_08=0.001",
        "HTML_MESSAGE=0.001",
        "MIME_HTML_ONLY=0.1",
        "RCVD_IN_DNSWL_NONE=-0.0001",
        "RCVD_IN_MSPIKE_H2=-0.001",
        "SPF_HELO_NONE=0.001",
        "SPF_PASS=-0.001",
        "T_REMOTE_IMAGE=0.01",
        "T_SCC_BODY_TEXT_LINE=-0.01",
        "URIBL_BLOCKED=0.001",
    ];
    let hit: Vec<_> = tests.into_iter().filter(|_| dice.chance(450)).collect();
    let score = dice.between(0, 90);
    header.field("X-Spam-Score", &format!("-{}.{}", score / 10, score % 10));
    header.field(
        "X-Spam-Status",
        &format!(
            "No, score=-{}.{} tagged_above=-999 required=6.2\n\ttests=[{}]\n\tautolearn=ham autolearn_force=no",
            score / 10,
            score % 10,
            hit.join(", ")
        ),
    );
}

/// What a gateway for mail found out about the sender.
fn gateway(letter: &Letter<'_>, header: &mut Header, dice: &mut Dice) {
    let (domain, ip) = (letter.sender.domain(), dice.between(1, 254));
    let report = dice.between(300, 1800) as usize;
    for (name, value) in [
        (
            "Received-SPF",
            format!(
                "Pass (gw.example.net: domain of {0} designates 203.0.113.{ip} as permitted sender)\n receiver=gw.example.net; client-ip=203.0.113.{ip}; envelope-from={0}; helo=mail.{domain};",
                letter.sender.address
            ),
        ),
        ("X-Gateway-Id", dice.characters(alphabet::HEX, 32)),
        ("X-Gateway-Envelope-From", format!("<{}>", letter.sender.address)),
        ("X-Gateway-Client", format!("203.0.113.{ip} mail.{domain}")),
        ("X-Gateway-Policy", "inbound-default, quarantine=none, sandbox=clean, url-rewrite=off".to_owned()),
        ("X-Gateway-Scores", (0..12).map(|rule| format!("r{rule}={}", dice.below(100))).collect::<Vec<_>>().join("; ")),
        ("X-Gateway-Bulk", dice.below(10).to_string()),
        ("X-Gateway-Verdict", "clean".to_owned()),
        ("X-Gateway-Report", signature::in_lines(&dice.characters(alphabet::BASE64, report))),
        ("X-Original-To", letter.recipient.to_owned()),
    ] {
        header.field(name, &value);
    }
}

/// What Exchange Online writes about a message for itself.
fn exchange(letter: &Letter<'_>, header: &mut Header, dice: &mut Dice) {
    let tenant = dice.characters(alphabet::HEX, 32);
    let at = letter.moment.in_zone(0).rfc5322();
    let server = format!("DB{}PR0{}MB{}", dice.below(10), dice.between(1, 9), dice.characters(alphabet::DIGITS, 4));
    for number in 0..dice.between(1, 3) {
        header.field(
            "Received",
            &format!("from {server}.eurprd0{number}.prod.outlook.com\n ([fe80::{number}cd2:{}]) by {server}.eurprd0{number}.prod.outlook.com\n ([fe80::{number}cd2:{}%7]) with mapi id 15.20.8655.0{number}; {at}", dice.characters(alphabet::HEX, 4), dice.characters(alphabet::HEX, 4)),
        );
    }
    header.field("X-MS-PublicTrafficType", "Email");
    header.field("X-MS-TrafficTypeDiagnostic", &format!("{server}:EE_|{server}:EE_"));
    header.field("X-MS-Office365-Filtering-Correlation-Id", &tenant);
    header.field("X-MS-Exchange-SenderADCheck", "1");
    header.field("X-Microsoft-Antispam", "BCL:0;ARA:13230040|376014|7416014|1800799024|366016|38070700018;");
    let info = dice.between(700, 2800) as usize;
    header.field("X-Microsoft-Antispam-Message-Info", &signature::in_lines(&dice.characters(alphabet::BASE64, info)));
    header.field("X-Forefront-Antispam-Report", &format!("CIP:255.255.255.255;CTRY:;LANG:en;SCL:1;SRV:;IPV:NLI;SFV:NSPM;H:{server}.eurprd03.prod.outlook.com;PTR:;CAT:NONE;SFS:(13230040)(376014)(7416014)(1800799024)(366016)(38070700018);DIR:OUT;SFP:1101;"));
    let chunk = dice.between(300, 1600) as usize;
    header.field("X-MS-Exchange-AntiSpam-MessageData-ChunkCount", "1");
    header
        .field("X-MS-Exchange-AntiSpam-MessageData-0", &signature::in_lines(&dice.characters(alphabet::BASE64, chunk)));
    for (name, value) in [
        ("X-MS-Exchange-CrossTenant-AuthAs", "Internal"),
        ("X-MS-Exchange-CrossTenant-AuthSource", server.as_str()),
        ("X-MS-Exchange-CrossTenant-Network-Message-Id", tenant.as_str()),
        ("X-MS-Exchange-CrossTenant-OriginalArrivalTime", at.as_str()),
        ("X-MS-Exchange-CrossTenant-FromEntityHeader", "Hosted"),
        ("X-MS-Exchange-CrossTenant-MailboxType", "HOSTED"),
        ("X-MS-Exchange-Transport-CrossTenantHeadersStamped", server.as_str()),
        ("X-OriginatorOrg", letter.sender.domain()),
    ] {
        header.field(name, value);
    }
}

/// What a platform writes to recognise a message again: a second signature and its numbers.
fn platform(letter: &Letter<'_>, header: &mut Header, dice: &mut Dice) {
    header.field("DKIM-Signature", &signature::dkim(letter, "bulkplatform.example", dice));
    let token = dice.between(120, 420) as usize;
    header.field("X-SG-EID", &signature::in_lines(&dice.characters(alphabet::BASE64, token)));
    header.field("X-Entity-ID", &format!("u001.{}", dice.characters(alphabet::BASE64, 28)));
    header.field("X-CSA-Complaints", "csa-complaints@eco.example");
    header.field("X-Report-Abuse", "Please report abuse here: https://abuse.bulkplatform.example/report");
}

/// What a mailing list writes (RFC 2369, RFC 2919).
fn mailing_list(list: &str, letter: &Letter<'_>, header: &mut Header, dice: &mut Dice) {
    let host = format!("lists.{}", letter.sender.company_domain);
    header.field(
        "Received",
        &format!(
            "from {host} (localhost [IPv6:::1])\n\tby {host} (Postfix) with ESMTP id {};\n\t{}",
            dice.characters(alphabet::UPPER_HEX, 12),
            letter.moment.plus(4).rfc5322()
        ),
    );
    header.field("X-Mailman-Rule-Misses", "dmarc-mitigation; no-senders; approved; loop; banned-address; emergency; member-moderation; nonmember-moderation; administrivia; implicit-dest; max-recipients; max-size; news-moderation; no-subject; digests; suspicious-header");
    header.field("X-Mailman-Version", "3.3.8");
    header.field("Precedence", "list");
    header.field("List-Id", &format!("\"Discussion of {list}\" <{list}.{host}>"));
    header.field(
        "Archived-At",
        &format!("<https://{host}/archives/list/{list}@{host}/message/{}/>", dice.characters(alphabet::UPPER, 32)),
    );
    header.field("List-Archive", &format!("<https://{host}/archives/list/{list}@{host}/>"));
    header.field("List-Help", &format!("<mailto:{list}-request@{host}?subject=help>"));
    header.field("List-Owner", &format!("<mailto:{list}-owner@{host}>"));
    header.field("List-Post", &format!("<mailto:{list}@{host}>"));
    header.field("List-Subscribe", &format!("<mailto:{list}-join@{host}>"));
    header.field("List-Unsubscribe", &format!("<mailto:{list}-leave@{host}>"));
}
