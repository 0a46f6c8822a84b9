//! How a comparison is counted and printed.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context as _;
use serde::Serialize;
use switchback::compare::{ComparisonSettings, Providers};
use switchback::files::Output;
use switchback::verdict::Senders;
use switchback_report::Shown;

use super::gate;
use crate::file::{self, Access, Kind};
use crate::provider::{Provider, provider};

/// How a comparison is counted and printed.
#[derive(clap::Args)]
pub(crate) struct ComparisonArgs {
    /// Print one JSON object
    #[arg(long)]
    json: bool,

    /// Write a self-contained page with charts, replacing an existing one; `/dev/stdout` and pipes work too
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,

    /// Rows of each table
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(crate) limit: usize,

    /// Exit with 1 if there are more flips than this
    ///
    /// A message that the candidate failed on and the baseline did not counts as a flip here. If no message was compared, the
    /// command exits with 1 even without this option.
    #[arg(long, value_name = "N")]
    max_flips: Option<u64>,

    /// Which senders are counted under their domain [default: anyone for a corpus, authenticated for live traffic]
    #[arg(long, value_name = "WHOSE")]
    senders: Option<WhoseDomain>,

    /// Count these domains as one provider, besides the built-in ones (repeatable)
    #[arg(long, value_name = "NAME=DOMAIN,...", value_parser = provider)]
    provider: Vec<Provider>,
}

/// Whose domain a message is counted under.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum WhoseDomain {
    /// Authenticated senders only; all others are counted together
    Authenticated,
    /// Whoever claims to be the sender, which anybody can
    Anyone,
}

impl ComparisonArgs {
    /// The file of the page. Where it cannot be written, nobody waits for the comparison.
    pub(crate) fn page(&self) -> anyhow::Result<Option<Output>> {
        self.html.as_deref().map(|path| file::create(path, Access::Everybody, Kind::Page)).transpose()
    }

    /// How it is counted.
    pub(crate) fn settings(&self, default: Senders) -> ComparisonSettings {
        let senders = match self.senders {
            Some(WhoseDomain::Authenticated) => Senders::Authenticated,
            Some(WhoseDomain::Anyone) => Senders::Anyone,
            None => default,
        };
        let providers = self
            .provider
            .iter()
            .fold(Providers::default(), |known, provider| known.with(&provider.name, &provider.domains));
        ComparisonSettings::default().senders(senders).providers(providers).differences_max(self.limit)
    }

    /// Prints it: the page, and the object or the text, which `more` is added to. Returns whether a pipeline may go on.
    pub(crate) fn print(
        &self,
        shown: &Shown<'_>,
        object: &impl Serialize,
        html: Option<Output>,
        more: impl FnOnce(&mut dyn Write) -> anyhow::Result<()>,
    ) -> anyhow::Result<bool> {
        if let (Some(path), Some(html)) = (&self.html, html) {
            file::fill(html, shown.page()?.as_bytes()).with_context(|| file::cannot_write(path))?;
        }
        let mut out = file::beside(self.html.as_deref());
        match self.json {
            true => writeln!(out, "{}", serde_json::to_string_pretty(object)?)?,
            false => {
                shown.write_text(&mut out)?;
                more(&mut *out)?;
            }
        }
        drop(out);
        Ok(gate::passes(shown.releases, &shown.nothing, self.max_flips))
    }
}
