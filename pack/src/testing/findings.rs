//! What was found about many messages, told once for each cause.

/// Causes that are told: a model may word each of its failures otherwise.
const CAUSES_MAX: usize = 10;

/// Causes, the one that was found first first.
#[derive(Debug, Default)]
pub(super) struct Findings {
    causes: Vec<Cause>,
    /// Messages with a cause that is not told.
    others: usize,
}

#[derive(Debug)]
struct Cause {
    why: String,
    /// The first of the messages.
    message: String,
    messages: usize,
}

impl Findings {
    pub(super) fn add(&mut self, message: &str, why: String) {
        if let Some(cause) = self.causes.iter_mut().find(|cause| cause.why == why) {
            cause.messages += 1;
        } else if self.causes.len() < CAUSES_MAX {
            self.causes.push(Cause { why, message: message.to_owned(), messages: 1 });
        } else {
            self.others += 1;
        }
    }

    /// Of how many messages something was found.
    pub(super) fn messages(&self) -> usize {
        self.causes.iter().map(|cause| cause.messages).sum::<usize>() + self.others
    }

    /// One line for each cause.
    pub(super) fn lines(&self) -> Vec<String> {
        let line = |cause: &Cause| match cause.messages {
            1 => format!("`{}`: {}", cause.message, cause.why),
            messages => format!("`{}` and {} more: {}", cause.message, messages - 1, cause.why),
        };
        let others = (self.others > 0).then(|| format!("and {} more messages, for other causes", self.others));
        self.causes.iter().map(line).chain(others).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cause_is_told_once_with_its_first_message() {
        let mut findings = Findings::default();
        for (message, why) in [("a", "it traps"), ("b", "it logs"), ("c", "it traps")] {
            findings.add(message, why.to_owned());
        }
        assert_eq!(
            (findings.messages(), findings.lines()),
            (3, vec!["`a` and 1 more: it traps".to_owned(), "`b`: it logs".to_owned()])
        );
        (0..20).for_each(|number| findings.add("d", format!("error {number}")));
        assert_eq!((findings.messages(), findings.lines().len()), (23, CAUSES_MAX + 1));
        assert_eq!(findings.lines().last().unwrap(), "and 12 more messages, for other causes");
    }
}
