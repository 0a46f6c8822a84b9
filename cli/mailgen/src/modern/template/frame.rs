//! The tables and styles that are written around every piece of content.

use crate::dice::Dice;
use crate::kind::Kind;
use crate::text;

/// Who made the template.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Frame {
    /// A compiler of templates: a section for each piece, and tables that only Outlook sees around it.
    Compiled,
    /// An editor in a browser: blocks of tables in tables.
    Editor,
    /// Somebody by hand.
    Hand,
}

/// What most templates begin their styles with.
const RESET: &str = "\
#outlook a{padding:0}
body{margin:0;padding:0;-webkit-text-size-adjust:100%;-ms-text-size-adjust:100%}
table,td{border-collapse:collapse;mso-table-lspace:0pt;mso-table-rspace:0pt}
img{border:0;height:auto;line-height:100%;outline:none;text-decoration:none;-ms-interpolation-mode:bicubic}
p{display:block;margin:13px 0}
";

impl Frame {
    pub(super) fn draw(kind: Kind, dice: &mut Dice) -> Self {
        let weights = match kind {
            Kind::Newsletter => [50, 40, 10],
            Kind::Receipt | Kind::Notification => [35, 25, 40],
            _ => [8, 22, 70],
        };
        [Self::Compiled, Self::Editor, Self::Hand][dice.weighted(weights)]
    }

    /// Everything up to and including the body's tag.
    pub(super) fn head(self, title: &str) -> String {
        let title = text::escaped(title);
        match self {
            Self::Compiled => format!(
                "<!doctype html>\n<html lang=\"en\" dir=\"auto\" xmlns=\"http://www.w3.org/1999/xhtml\" \
                 xmlns:v=\"urn:schemas-microsoft-com:vml\" xmlns:o=\"urn:schemas-microsoft-com:office:office\">\n<head>\n\
                 <title>{title}</title>\n<!--[if !mso]><!--><meta http-equiv=\"X-UA-Compatible\" content=\"IE=edge\">\
                 <!--<![endif]-->\n<meta http-equiv=\"Content-Type\" content=\"text/html; charset=UTF-8\">\n\
                 <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
                 <style type=\"text/css\">\n{RESET}</style>\n<!--[if mso]>\n<noscript><xml>\n\
                 <o:OfficeDocumentSettings>\n<o:AllowPNG/>\n<o:PixelsPerInch>96</o:PixelsPerInch>\n\
                 </o:OfficeDocumentSettings>\n</xml></noscript>\n<![endif]-->\n\
                 <!--[if lte mso 11]>\n<style type=\"text/css\">.outlook-group-fix{{width:100% !important}}</style>\n\
                 <![endif]-->\n<style type=\"text/css\">\n@media only screen and (min-width:480px){{\n\
                 .column-per-100{{width:100% !important;max-width:100%}}\n.column-per-50{{width:50% !important;\
                 max-width:50%}}\n}}\n</style>\n</head>\n<body style=\"word-spacing:normal;background-color:#f4f4f4;\">\n"
            ),
            Self::Editor => format!(
                "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Strict//EN\" \
                 \"http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd\">\n<html xmlns=\"http://www.w3.org/1999/xhtml\">\n\
                 <head>\n<meta http-equiv=\"Content-Type\" content=\"text/html; charset=UTF-8\" />\n<title>{title}</title>\n\
                 <style type=\"text/css\">\n{RESET}{}</style></head>\n<body leftmargin=\"0\" marginwidth=\"0\" \
                 topmargin=\"0\" marginheight=\"0\" offset=\"0\">\n<center>\n",
                Self::for_small_screens()
            ),
            Self::Hand => format!(
                "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n<title>{title}</title>\n\
                 <meta name=\"viewport\" content=\"width=device-width\">\n<style>\n\
                 body{{margin:0;background:#f4f4f4;font-family:Arial,Helvetica,sans-serif}}\n\
                 .box{{max-width:600px;margin:0 auto;background:#ffffff}}\n</style></head>\n<body>\n"
            ),
        }
    }

    /// Rules by which an editor makes its blocks fit a telephone.
    fn for_small_screens() -> String {
        let blocks = ["Image", "TextContent", "BoxedText", "ImageGroup", "Caption", "Button", "Follow", "Divider"];
        let rule = |block: &&str| {
            format!(
                "@media only screen and (max-width:480px){{.block{block},.block{block}Inner{{max-width:100% !important;\
                 width:100% !important;padding-right:18px !important;padding-left:18px !important}}}}\n"
            )
        };
        blocks.iter().map(rule).collect()
    }

    /// The tables around all pieces.
    pub(super) fn open(self) -> &'static str {
        match self {
            Self::Compiled => "<div style=\"background-color:#f4f4f4;\" lang=\"en\" dir=\"auto\">\n",
            Self::Editor => {
                "<table align=\"center\" border=\"0\" cellpadding=\"0\" cellspacing=\"0\" height=\"100%\" width=\"100%\" \
                 id=\"bodyTable\"><tr><td align=\"center\" valign=\"top\" id=\"bodyCell\">\n\
                 <table border=\"0\" cellpadding=\"0\" cellspacing=\"0\" width=\"600\" id=\"templateContainer\"><tr>\
                 <td align=\"center\" valign=\"top\">\n<table border=\"0\" cellpadding=\"0\" cellspacing=\"0\" \
                 width=\"600\" id=\"templateBody\"><tr><td valign=\"top\" class=\"bodyContainer\">\n"
            }
            Self::Hand => {
                "<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\"><tr><td>\n\
                 <table class=\"box\" role=\"presentation\" align=\"center\" width=\"600\">\n"
            }
        }
    }

    /// What closes them.
    pub(super) fn close(self) -> &'static str {
        match self {
            Self::Compiled => "</div>\n",
            Self::Editor => "</td></tr></table>\n</td></tr></table>\n</td></tr></table>\n</center>\n",
            Self::Hand => "</table>\n</td></tr></table>\n",
        }
    }

    /// A piece of content with what is around it.
    pub(super) fn cell(self, inner: &str) -> String {
        match self {
            Self::Compiled => format!(
                "<!--[if mso | IE]><table align=\"center\" border=\"0\" cellpadding=\"0\" cellspacing=\"0\" class=\"\" \
                 role=\"presentation\" style=\"width:600px;\" width=\"600\" bgcolor=\"#ffffff\"><tr><td \
                 style=\"line-height:0px;font-size:0px;mso-line-height-rule:exactly;\"><![endif]-->\n\
                 <div style=\"background:#ffffff;background-color:#ffffff;margin:0px auto;max-width:600px;\">\n\
                 <table align=\"center\" border=\"0\" cellpadding=\"0\" cellspacing=\"0\" role=\"presentation\" \
                 style=\"background:#ffffff;background-color:#ffffff;width:100%;\"><tbody><tr>\n\
                 <td style=\"direction:ltr;font-size:0px;padding:20px 0;text-align:center;\">\n\
                 <div class=\"column-per-100 outlook-group-fix\" style=\"font-size:0px;text-align:left;direction:ltr;\
                 display:inline-block;vertical-align:top;width:100%;\">\n\
                 <table border=\"0\" cellpadding=\"0\" cellspacing=\"0\" role=\"presentation\" \
                 style=\"vertical-align:top;\" width=\"100%\"><tbody><tr>\n\
                 <td align=\"left\" style=\"font-size:0px;padding:10px 25px;word-break:break-word;\">\n\
                 <div style=\"font-family:Helvetica,Arial,sans-serif;font-size:14px;line-height:1.5;text-align:left;\
                 color:#333333;\">{inner}</div>\n</td></tr></tbody></table></div>\n</td></tr></tbody></table></div>\n\
                 <!--[if mso | IE]></td></tr></table><![endif]-->\n"
            ),
            Self::Editor => format!(
                "<table border=\"0\" cellpadding=\"0\" cellspacing=\"0\" width=\"100%\" class=\"blockTextContent\" \
                 style=\"min-width:100%;\"><tbody class=\"blockOuter\"><tr>\n\
                 <td valign=\"top\" class=\"blockTextContentInner\" style=\"padding-top:9px;\">\n\
                 <table align=\"left\" border=\"0\" cellpadding=\"0\" cellspacing=\"0\" style=\"max-width:100%;\
                 min-width:100%;\" width=\"100%\"><tbody><tr><td valign=\"top\" style=\"padding:0px 18px 9px;\
                 font-family:Georgia,Times,serif;font-size:16px;line-height:150%;color:#202020\">\n{inner}\
                 </td></tr></tbody></table>\n</td></tr></tbody></table>\n"
            ),
            Self::Hand => {
                format!("<tr><td style=\"padding:16px 24px;font-size:14px;color:#333333\">\n{inner}</td></tr>\n")
            }
        }
    }

    /// A link that looks like a button, in Outlook too.
    pub(super) fn button(self, href: &str, label: &str) -> String {
        if self == Self::Hand {
            return format!(
                "<a href=\"{href}\" target=\"_blank\" style=\"background:#2a5db0;color:#ffffff;padding:12px 24px;\
                 border-radius:4px;text-decoration:none\">{label}</a>\n"
            );
        }
        format!(
            "<table border=\"0\" cellpadding=\"0\" cellspacing=\"0\" role=\"presentation\" style=\"border-collapse:separate;\
             line-height:100%;\"><tbody><tr><td align=\"center\" bgcolor=\"#2a5db0\" role=\"presentation\" \
             style=\"border:none;border-radius:4px;cursor:auto;mso-padding-alt:10px 25px;background:#2a5db0;\" \
             valign=\"middle\">\n<a href=\"{href}\" target=\"_blank\" style=\"display:inline-block;background:#2a5db0;\
             color:#ffffff;font-size:14px;font-weight:bold;line-height:120%;margin:0;text-decoration:none;padding:10px 25px;\
             border-radius:4px;\">{label}</a>\n</td></tr></tbody></table>\n"
        )
    }
}
