//! The generated bindings of the contract. The folder `wit` beside this crate's manifest is a link to the
//! contract; a published crate carries its own copy.

wit_bindgen::generate!({
    path: "wit",
    world: "plugin",
    export_macro_name: "export_plugin",
    pub_export_macro: true,
    default_bindings_module: "$crate::__private::bindings",
    with: {
        "switchback:scoring/message@1.1.0/mailbox": crate::Mailbox,
        "switchback:scoring/message@1.1.0/recipient": crate::Recipient,
        "switchback:scoring/message@1.1.0/envelope": crate::Envelope,
        "switchback:scoring/message@1.1.0/client": crate::Client,
        "switchback:scoring/message@1.1.0/counts": crate::Counts,
        "switchback:scoring/message@1.1.0/header-field": crate::HeaderField,
        "switchback:scoring/message@1.1.0/header-fields": crate::HeaderFields,
        "switchback:scoring/message@1.1.0/content": crate::Content,
        "switchback:scoring/message@1.1.0/link": crate::Link,
        "switchback:scoring/message@1.1.0/links": crate::Links,
        "switchback:scoring/message@1.1.0/attachment": crate::Attachment,
        "switchback:scoring/message@1.1.0/attachments": crate::Attachments,
        "switchback:scoring/message@1.1.0/features": crate::Features,
        "switchback:scoring/message@1.1.0/structure": crate::Structure,
        "switchback:scoring/assessment@1.1.0/reason": crate::Reason,
    },
});
