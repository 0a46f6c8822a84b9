//! What a platform's template makes of a text: nested tables, inline styles, tracked links, and what only Outlook sees.

mod frame;
mod tracking;

use crate::dice::Dice;
use crate::draft::{Draft, Story};
use crate::kind::Kind;
use crate::scenario::Look;
use crate::text;

use self::frame::Frame;
use self::tracking::Tracking;
use super::{phrase, shown};

/// How many stories or products a newsletter has: a weight for each number.
const CARDS: [u32; 15] = [0, 6, 10, 12, 14, 12, 10, 8, 7, 6, 5, 4, 2, 2, 2];

/// The page, and the same as text.
pub(super) fn page(story: &Story<'_>, draft: &Draft, dice: &mut Dice) -> (String, String) {
    let kind = story.scenario.kind;
    let frame = Frame::draw(kind, dice);
    let tracking = Tracking::draw(story, dice);
    let mut page = Page { story, draft, frame, tracking, html: String::new(), plain: String::new(), dice };
    page.html.push_str(&page.frame.head(&draft.subject));
    page.preheader();
    page.html.push_str(page.frame.open());
    page.brand();
    page.body();
    match kind {
        Kind::Newsletter => {
            let cards = page.dice.weighted(CARDS);
            (0..cards).for_each(|_| page.card());
            page.social();
        }
        Kind::Receipt => {
            let items = page.dice.between(1, 5);
            (0..items).for_each(|_| page.item());
        }
        Kind::Notification if page.dice.chance(400) => page.card(),
        _ => {}
    }
    page.footer();
    page.html.push_str(page.frame.close());
    page.pixel();
    page.html.push_str("</body>\n</html>\n");
    (page.html, text::wrapped(&page.plain, 900))
}

/// A page under construction, and the same as text.
struct Page<'a> {
    story: &'a Story<'a>,
    draft: &'a Draft,
    frame: Frame,
    tracking: Tracking,
    html: String,
    plain: String,
    dice: &'a mut Dice,
}

impl Page<'_> {
    /// The main link: tracked, but for those of phish, which are what they are.
    fn link(&mut self) -> String {
        if self.story.scenario.kind.is_unwanted() {
            return self.draft.url.clone();
        }
        self.tracking.link(self.dice)
    }

    fn cell(&mut self, inner: &str) {
        self.html.push_str(&self.frame.cell(inner));
    }

    /// What a list of messages shows behind the subject, hidden, and what keeps the text behind it from being shown there.
    fn preheader(&mut self) {
        let filler =
            "&#847; &zwnj; &nbsp; &#8199; &shy; ".repeat(self.dice.below(40) as usize).replace("; &#847", ";\n&#847");
        self.html.push_str(&format!(
            "<div style=\"display:none;font-size:1px;color:#ffffff;line-height:1px;max-height:0px;max-width:0px;\
             opacity:0;overflow:hidden;mso-hide:all\">{}{filler}</div>\n",
            text::escaped(&self.draft.preheader)
        ));
    }

    fn brand(&mut self) {
        if self.story.scenario.kind == Kind::Newsletter {
            let link = self.link();
            self.cell(&format!(
                "<p style=\"font-size:11px;margin:0\"><a href=\"{}\" target=\"_blank\" style=\"color:#999999\">View in \
                 browser</a></p>\n",
                text::escaped(&link)
            ));
            self.plain.push_str(&format!("View in browser: {link}\n\n"));
        }
        let name = text::escaped(&self.story.sender.company);
        let picture = self.tracking.picture(self.dice);
        let image = format!(
            "<img src=\"{picture}\" alt=\"{name}\" width=\"160\" height=\"auto\" style=\"border:0;display:block;outline:none;\
             text-decoration:none;height:auto;width:100%;font-size:13px;\">"
        );
        let linked = if self.dice.chance(700) {
            let link = text::escaped(&self.link());
            format!("<a href=\"{link}\" target=\"_blank\">{image}</a>\n")
        } else {
            format!("{image}\n")
        };
        self.cell(&linked);
    }

    fn body(&mut self) {
        let url = self.link();
        let html = text::html(&self.draft.body, &url, Look::Designed);
        self.cell(&html);
        self.plain.push_str(&text::plain(&self.draft.body, &url));
        self.plain.push('\n');
    }

    /// A story or a product: a picture, a headline, a few words, a button.
    fn card(&mut self) {
        let (headline, teaser) = (phrase("headline", self.draft, self.dice), phrase("teaser", self.draft, self.dice));
        let (link, picture) = (self.link(), self.tracking.picture(self.dice));
        let button = shown("button", self.draft, self.dice);
        let href = text::escaped(&link);
        let width = self.dice.between(120, 600);
        self.cell(&format!(
            "<a href=\"{href}\" target=\"_blank\"><img src=\"{picture}\" alt=\"{}\" width=\"{width}\" style=\"border:0;\
             display:block;outline:none;height:auto;width:100%;\"></a>\n",
            text::escaped(&headline)
        ));
        self.cell(&format!(
            "<h2 style=\"margin:0;font-size:22px;line-height:28px\"><a href=\"{href}\" target=\"_blank\" \
             style=\"color:#222222;text-decoration:none\">{}</a></h2>\n\
             <p style=\"margin:8px 0 16px;font-size:14px;line-height:20px;color:#555555\">{}</p>\n",
            text::escaped(&headline),
            text::escaped(&teaser)
        ));
        let frame = self.frame.button(&href, &button);
        self.cell(&frame);
        self.plain.push_str(&format!("\n{headline}\n{teaser}\n{link}\n"));
    }

    /// A row of what was bought.
    fn item(&mut self) {
        let (product, picture) = (phrase("product", self.draft, self.dice), self.tracking.picture(self.dice));
        let price = format!("{}.{:02}", self.dice.between(3, 120), self.dice.below(100));
        self.cell(&format!(
            "<table width=\"100%\" border=\"0\" cellspacing=\"0\" cellpadding=\"0\" role=\"presentation\"><tr>\n\
             <td width=\"80\" style=\"padding:8px 0\"><img src=\"{picture}\" width=\"64\" height=\"64\" alt=\"\" \
             style=\"display:block;border:1px solid #eeeeee\"></td>\n\
             <td style=\"padding:8px;font-size:14px;line-height:20px\">{}</td>\n\
             <td align=\"right\" style=\"padding:8px 0;font-size:14px;white-space:nowrap\">{price}</td>\n</tr></table>\n",
            text::escaped(&product)
        ));
        self.plain.push_str(&format!("{product}: {price}\n"));
    }

    fn social(&mut self) {
        let mut row = String::new();
        for name in ["Chirrup", "Pixpond", "Linkfellow"] {
            let (link, picture) = (text::escaped(&self.link()), self.tracking.picture(self.dice));
            row.push_str(&format!(
                "<a href=\"{link}\" target=\"_blank\" style=\"display:inline-block;padding:0 8px\"><img src=\"{picture}\" \
                 alt=\"{name}\" width=\"24\" height=\"24\" style=\"border:0\"></a>\n"
            ));
        }
        self.cell(&row);
    }

    fn footer(&mut self) {
        let mut html = text::html(&self.draft.footer, &self.draft.url, Look::Designed);
        self.plain.push_str(&format!("\n--\n{}\n", self.draft.footer));
        if !self.story.scenario.kind.is_unwanted() {
            let small = phrase("small-print", self.draft, self.dice);
            html.push_str(&format!("<p style=\"font-size:11px;color:#999999\">{}</p>\n", text::escaped(&small)));
            self.plain.push_str(&format!("{small}\n"));
            for label in ["Unsubscribe", "Preferences", "Privacy"] {
                let link = self.link();
                html.push_str(&format!(
                    "<a href=\"{}\" target=\"_blank\" style=\"color:#999999;text-decoration:underline\">{label}</a>\n",
                    text::escaped(&link)
                ));
                self.plain.push_str(&format!("{label}: {link}\n"));
            }
        }
        self.cell(&html);
    }

    /// A picture of one dot, which says that the message was opened.
    fn pixel(&mut self) {
        if self.story.scenario.kind.is_unwanted() && self.dice.chance(800) {
            return;
        }
        let link = text::escaped(&self.tracking.link(self.dice));
        self.html.push_str(&format!(
            "<img src=\"{link}\" alt=\"\" width=\"1\" height=\"1\" border=\"0\" style=\"height:1px !important;\
             width:1px !important;border-width:0 !important;margin:0 !important;padding:0 !important\">\n"
        ));
    }
}
