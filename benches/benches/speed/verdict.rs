//! From bytes to verdict: beside the parser alone, and beside the same model without a sandbox.

use std::hint::black_box;

use mail_parser::MessageParser;
use switchback::Message;
use switchback::message::FeatureKind;
use switchback::release::Reads;
use switchback_benches::{in_turn_by, processor_time};
use switchback_plugin_train::guest_message;

use crate::Bench;
use crate::models::Model;
use crate::table::Side;

impl Bench {
    /// The whole verdict over what mail-parser takes to parse and decode the same message, and does nothing else with it.
    pub(crate) fn verdict_over_parsing(&mut self, models: &[Model]) {
        for model in models {
            let slot = self.promote(model);
            for mail in &self.mail {
                let [verdict, parser] = in_turn_by(
                    processor_time,
                    self.rounds,
                    [
                        ("verdict", &mut || {
                            for bytes in &mail.raw {
                                black_box(slot.score(&Message::parse(bytes.clone())));
                            }
                        }),
                        ("mail-parser", &mut || {
                            for bytes in &mail.raw {
                                let bytes = bytes.clone();
                                black_box(MessageParser::new().parse(&bytes));
                            }
                        }),
                    ],
                );
                let count = mail.raw.len();
                let this = Side::time(model.id.to_string(), verdict, count);
                self.table.row(
                    "whole verdict, over parsing",
                    mail.name,
                    &this,
                    &Side::time("mail-parser", parser, count),
                );
            }
        }
    }

    /// The whole verdict over the same with the model run natively, of the newest release of each model.
    pub(crate) fn sandboxed_over_native(&mut self, models: &mut [Model]) {
        for model in models {
            let Some(mut native) = model.native.take() else { continue };
            let slot = self.promote(model);
            let reads = self.runtime.manifest(&model.id).expect("it is loaded").reads;
            for mail in &self.mail {
                let prepared: Vec<_> = mail.warm().iter().map(guest_message).collect();
                let [sandboxed, bare] = in_turn_by(
                    processor_time,
                    self.rounds,
                    [
                        ("sandboxed", &mut || {
                            for bytes in &mail.raw {
                                black_box(slot.score(&Message::parse(bytes.clone())));
                            }
                        }),
                        ("native", &mut || {
                            for (bytes, guest) in mail.raw.iter().zip(&prepared) {
                                derive(&Message::parse(bytes.clone()), reads);
                                native(guest);
                            }
                        }),
                    ],
                );
                let count = mail.raw.len();
                let this = Side::time(model.id.to_string(), sandboxed, count);
                self.table.row("whole verdict, over native", mail.name, &this, &Side::time("native", bare, count));
            }
        }
    }
}

/// What the host derives for an example model, which the native side needs as well. What is hashed of the messages that the
/// native model is given was found in the rounds that do not count.
fn derive(message: &Message, reads: Reads) {
    message.prepare();
    if reads.contains(Reads::FEATURES) {
        black_box(message.features(FeatureKind::Words));
    } else {
        black_box((message.subject(), message.from(), message.reply_to(), message.text(16_384), message.links(64)));
    }
}
