//! What mail programs make of a letter.

use crate::dice::Dice;
use crate::draft::{Draft, Quote, Story};
use crate::kind::Kind;
use crate::mailer::Mailer;
use crate::scenario::Look;
use crate::text;

use super::parts::Inline;
use super::{phrase, thread};

/// Of 1,000 letters at work: how many are signed with a block of HTML, how many of these with a picture, and how many say that they are
/// confidential.
const SIGNED: u32 = 450;
const WITH_LOGO: u32 = 220;
const CONFIDENTIAL: u32 = 250;

/// The page, and the same as text. Pictures that it shows are added to `inline`.
pub(super) fn page(story: &Story<'_>, draft: &Draft, inline: &mut Vec<Inline>, dice: &mut Dice) -> (String, String) {
    let (below_html, below_text) = below(story, draft, inline, dice);
    let width = if matches!(story.mailer, Mailer::Apple | Mailer::Exchange) { 900 } else { 76 };
    let mut plain = text::wrapped(&text::plain(&draft.body, &draft.url), width);
    plain.push_str(&below_text);
    plain.push_str(&thread::plain(&draft.quotes, &draft.url));
    let html = match story.mailer {
        Mailer::Exchange => exchange(draft, &below_html),
        Mailer::Apple => apple(draft, &below_html),
        _ => web(draft, &below_html),
    };
    (html, plain)
}

/// What stands below a letter at work, in both forms.
fn below(story: &Story<'_>, draft: &Draft, inline: &mut Vec<Inline>, dice: &mut Dice) -> (String, String) {
    let (mut html, mut plain) = (String::new(), String::new());
    if story.scenario.kind != Kind::Work {
        return (html, plain);
    }
    if dice.chance(SIGNED) {
        let logo = dice.chance(WITH_LOGO).then(|| Inline::logo(dice));
        let job = phrase("job", draft, dice);
        html.push_str(&signature(story, &job, logo.as_ref(), dice));
        plain.push_str(&format!("\n-- \n{}\n{job}\n{}\n", story.sender.name, story.sender.company));
        inline.extend(logo);
    }
    if dice.chance(CONFIDENTIAL) {
        let text = phrase("legal", draft, dice);
        let grey = "<p style=\"font-size:8.0pt;font-family:Arial,sans-serif;color:gray\">";
        html.push_str(&text::framed(&text, "", Look::Letter, (grey, "</p>\n")));
        plain.push_str(&format!("\n{}", text::wrapped(&text, 76)));
    }
    (html, plain)
}

/// A block of HTML as companies prescribe it.
fn signature(story: &Story<'_>, job: &str, logo: Option<&Inline>, dice: &mut Dice) -> String {
    let domain = &story.sender.company_domain;
    let picture = logo.map_or_else(String::new, |logo| {
        format!(
            "<td style=\"padding-right:12.0pt;border-right:solid #{0:06x} 1.5pt\"><img width=\"96\" height=\"48\" \
             src=\"cid:{1}\" alt=\"\"></td>\n",
            dice.below(0x00ff_ffff),
            logo.id
        )
    });
    let line = |text: &str, style: &str| {
        format!(
            "<span style=\"font-size:9.0pt;font-family:&quot;Segoe UI&quot;,sans-serif;{style}\">{text}</span><br>\n"
        )
    };
    format!(
        "<table border=\"0\" cellspacing=\"0\" cellpadding=\"0\" style=\"border-collapse:collapse\"><tbody><tr>\n{picture}\
         <td valign=\"top\" style=\"padding:0in 5.4pt 0in 5.4pt\">\n{}{}{}{}\
         <a href=\"https://www.{domain}/\" style=\"color:#0563C1\">www.{domain}</a> | \
         <a href=\"https://social.example/company/{domain}\">Follow us</a>\n</td></tr></tbody></table>\n",
        line(&text::escaped(&story.sender.name), "color:#1f3864;font-weight:bold"),
        line(job, "color:#595959"),
        line(&text::escaped(&story.sender.company), "color:#595959"),
        line(&format!("T +1 555 01{:02} {}", dice.below(100), dice.between(100, 999)), "color:#7f7f7f"),
    )
}

/// Programs of the web: what is quoted is nested.
fn web(draft: &Draft, below: &str) -> String {
    let quotes = nested(&draft.quotes, &|quote, inner| {
        format!(
            "<br><div class=\"gmail_quote gmail_quote_container\"><div dir=\"ltr\" class=\"gmail_attr\">{}<br></div>\
             <blockquote class=\"gmail_quote\" style=\"margin:0px 0px 0px 0.8ex;border-left:1px solid \
             rgb(204,204,204);padding-left:1ex\"><div dir=\"ltr\">{}{inner}</div>\n</blockquote></div>\n",
            text::escaped(&quote.who),
            text::html(&quote.text, &draft.url, Look::Letter)
        )
    });
    format!("<div dir=\"ltr\">{}{below}</div>{quotes}\n", text::html(&draft.body, &draft.url, Look::Letter))
}

/// Apple's programs.
fn apple(draft: &Draft, below: &str) -> String {
    let quotes = nested(&draft.quotes, &|quote, inner| {
        format!(
            "<div><br><blockquote type=\"cite\"><div>{}</div><br class=\"Apple-interchange-newline\"><div>\
             <meta charset=\"UTF-8\">{}{inner}</div></blockquote></div>\n",
            text::escaped(&quote.who),
            text::html(&quote.text, &draft.url, Look::Letter)
        )
    });
    format!(
        "<html><head><meta http-equiv=\"content-type\" content=\"text/html; charset=utf-8\"></head>\
         <body style=\"overflow-wrap: break-word; -webkit-nbsp-mode: space; line-break: after-white-space;\">\n{}{below}\
         {quotes}</body></html>\n",
        text::html(&draft.body, &draft.url, Look::Letter)
    )
}

/// Quotes within quotes, each written by `one` around those that it quotes itself.
fn nested(quotes: &[Quote], one: &impl Fn(&Quote, &str) -> String) -> String {
    quotes.split_first().map_or_else(String::new, |(first, deeper)| one(first, &nested(deeper, one)))
}

/// Paragraphs as Word writes them.
const WORD: (&str, &str) = (
    "<p class=\"MsoNormal\"><span style=\"font-size:11.0pt;font-family:&quot;Calibri&quot;,sans-serif;\
     mso-fareast-language:EN-US\">",
    "<o:p></o:p></span></p>\n<p class=\"MsoNormal\"><o:p>&nbsp;</o:p></p>\n",
);

/// Outlook: Word's HTML, and what is quoted stands below each other.
fn exchange(draft: &Draft, below: &str) -> String {
    let mut quotes = String::new();
    for quote in &draft.quotes {
        let who = text::escaped(quote.who.trim_start_matches("On ").trim_end_matches(" wrote:"));
        quotes.push_str(&format!(
            "<div><div style=\"border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0in 0in 0in\">\n\
             <p class=\"MsoNormal\"><b>From:</b> {who}<br>\n<b>Subject:</b> {}<o:p></o:p></p></div></div>\n{}",
            text::escaped(&draft.subject),
            text::framed(&quote.text, &draft.url, Look::Letter, WORD)
        ));
    }
    format!(
        "{HEAD}<body lang=\"EN-US\" link=\"#0563C1\" vlink=\"#954F72\" style=\"word-wrap:break-word\">\n\
         <div class=\"WordSection1\">\n{}{below}{quotes}</div>\n</body>\n</html>\n",
        text::framed(&draft.body, &draft.url, Look::Letter, WORD)
    )
}

/// What Word writes before the text.
const HEAD: &str = "\
<html xmlns:v=\"urn:schemas-microsoft-com:vml\" xmlns:o=\"urn:schemas-microsoft-com:office:office\"
 xmlns:w=\"urn:schemas-microsoft-com:office:word\" xmlns=\"http://www.w3.org/TR/REC-html40\">
<head>
<meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\">
<meta name=\"Generator\" content=\"Microsoft Word 15 (filtered medium)\">
<style><!--
/* Font Definitions */
@font-face
\t{font-family:\"Cambria Math\";
\tpanose-1:2 4 5 3 5 4 6 3 2 4;}
@font-face
\t{font-family:Calibri;
\tpanose-1:2 15 5 2 2 2 4 3 2 4;}
/* Style Definitions */
p.MsoNormal, li.MsoNormal, div.MsoNormal
\t{margin:0in;
\tfont-size:11.0pt;
\tfont-family:\"Calibri\",sans-serif;}
a:link, span.MsoHyperlink
\t{mso-style-priority:99;
\tcolor:#0563C1;
\ttext-decoration:underline;}
span.EmailStyle20
\t{mso-style-type:personal-reply;
\tfont-family:\"Calibri\",sans-serif;
\tcolor:windowtext;}
@page WordSection1
\t{size:8.5in 11.0in;
\tmargin:1.0in 1.0in 1.0in 1.0in;}
div.WordSection1
\t{page:WordSection1;}
--></style><!--[if gte mso 9]><xml>
<o:shapedefaults v:ext=\"edit\" spidmax=\"1026\" />
</xml><![endif]--><!--[if gte mso 9]><xml>
<o:shapelayout v:ext=\"edit\">
<o:idmap v:ext=\"edit\" data=\"1\" />
</o:shapelayout></xml><![endif]-->
</head>
";
