//! What mail programs and providers call the folders that are no label.
//!
//! As Gmail, Outlook, Thunderbird, Roundcube and Dovecot make them, in the languages of most of their users.

use super::Contents;

/// Names in lower case, by what is in the folder.
#[rustfmt::skip] // A table: one name a line would be three pages.
const NAMES: [(Contents, &[&str]); 3] = [
    (Contents::Trash, &[
        "trash", "bin", "deleted", "deleted items", "deleted messages", "papierkorb", "gelöscht", "gelöschte elemente",
        "gelöschte objekte", "corbeille", "éléments supprimés", "messages supprimés", "papelera", "elementos eliminados", "cestino",
        "posta eliminata", "prullenbak", "verwijderde items", "lixeira", "lixo", "itens excluídos", "itens eliminados", "kosz",
        "elementy usunięte", "papperskorgen", "borttaget", "papirkurv", "slettet post", "slettede elementer", "roskakori", "koš",
        "odstraněná pošta", "kuka", "törölt elemek", "корзина", "удаленные", "удалённые", "кошик", "çöp kutusu", "silinmiş öğeler",
        "ごみ箱", "ゴミ箱", "削除済みアイテム", "已删除", "已删除邮件", "刪除的郵件", "휴지통",
    ]),
    (Contents::Junk, &[
        "junk", "junk e-mail", "junk email", "junk mail", "junk-e-mail", "spam", "bulk", "bulk mail", "unsolicited", "spamverdacht",
        "unerwünscht", "indésirables", "courrier indésirable", "pourriel", "correo no deseado", "posta indesiderata",
        "ongewenste e-mail", "lixo eletrônico", "lixo eletrónico", "wiadomości-śmieci", "niechciane", "skräppost", "uønsket e-mail",
        "søppelpost", "roskaposti", "nevyžádaná pošta", "levélszemét", "спам", "нежелательная почта", "önemsiz e-posta", "gereksiz",
        "迷惑メール", "垃圾邮件", "垃圾郵件", "스팸메일함",
    ]),
    (Contents::Own, &[
        "sent", "sent items", "sent mail", "sent-mail", "sent messages", "drafts", "draft", "outbox", "queue", "postponed", "postponed-msgs",
        "unsent messages", "templates", "chats", "gesendet", "gesendete elemente", "gesendete objekte", "entwürfe", "postausgang", "vorlagen", "envoyés",
        "éléments envoyés", "messages envoyés", "brouillons", "enviados", "elementos enviados", "borradores", "inviata", "inviati",
        "posta inviata", "bozze", "verzonden", "verzonden items", "concepten", "itens enviados", "rascunhos", "wysłane",
        "elementy wysłane", "wersje robocze", "szkice", "skickat", "utkast", "sendt", "sendt post", "kladder", "sendte elementer",
        "lähetetyt", "luonnokset", "odeslaná pošta", "koncepty", "elküldött elemek", "piszkozatok", "отправленные", "черновики",
        "gönderilmiş öğeler", "taslaklar", "送信済みアイテム", "送信済みメール", "下書き", "已发送", "已发送邮件", "草稿", "草稿箱",
    ]),
];

/// What is in a folder of this name, if the name says that.
pub(super) fn contents(name: &str) -> Option<Contents> {
    let name = name.to_lowercase();
    NAMES.into_iter().find_map(|(contents, names)| names.contains(&&*name).then_some(contents))
}
