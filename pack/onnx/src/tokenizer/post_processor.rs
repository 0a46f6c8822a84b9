//! The post-processor of a `tokenizer.json`: what is around each text.

use serde::Deserialize;
use serde_json::Value;

/// A post-processor, as it is written.
#[derive(Deserialize)]
#[serde(tag = "type")]
enum PostProcessor {
    Sequence { processors: Vec<Value> },
    BertProcessing { cls: (String, u32), sep: (String, u32) },
    RobertaProcessing { cls: (String, u32), sep: (String, u32) },
    TemplateProcessing { single: Vec<Template> },
    // It is about places in the text.
    ByteLevel {},
}

#[derive(Deserialize)]
enum Template {
    SpecialToken { id: String, type_id: u32 },
    Sequence { type_id: u32 },
}

/// Adds the numbers before and behind each text.
pub(super) fn read(
    processor: &Value,
    number: &impl Fn(&str) -> Result<u32, String>,
    (before, after): (&mut Vec<u32>, &mut Vec<u32>),
) -> Result<(), String> {
    if processor.is_null() {
        return Ok(());
    }
    match super::known(processor, "post_processor")? {
        PostProcessor::Sequence { processors } => {
            processors.iter().try_for_each(|processor| read(processor, number, (before, after)))
        }
        PostProcessor::BertProcessing { cls, sep } | PostProcessor::RobertaProcessing { cls, sep } => {
            before.insert(0, cls.1);
            after.push(sep.1);
            Ok(())
        }
        PostProcessor::TemplateProcessing { single } => {
            let (mut first, mut is_behind) = (Vec::new(), false);
            for part in single {
                match part {
                    Template::SpecialToken { type_id: 1.., .. } | Template::Sequence { type_id: 1.. } => {
                        return Err("its post_processor gives a text other types than 0".to_owned());
                    }
                    Template::SpecialToken { id, .. } if is_behind => after.push(number(&id)?),
                    Template::SpecialToken { id, .. } => first.push(number(&id)?),
                    Template::Sequence { .. } => is_behind = true,
                }
            }
            before.splice(0..0, first);
            Ok(())
        }
        PostProcessor::ByteLevel {} => Ok(()),
    }
}
