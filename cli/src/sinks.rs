//! Where alerts go, on the command line.

use std::path::PathBuf;

use switchback::alert::{AlertConfig, Changes, Syslog, Webhook};

use crate::exit::Usage;
use crate::file::read_small;

/// Where alerts go.
#[derive(clap::Args, Clone, Debug)]
#[command(next_help_heading = "Alerts")]
pub(crate) struct SinkArgs {
    /// Run this shell command for each alert, with JSON on its standard input and the main fields in its environment
    #[arg(long, value_name = "CMD")]
    on_alert: Option<String>,

    /// Post each alert to this URL as signed JSON
    #[arg(long, value_name = "URL", requires = "webhook_secret_file")]
    webhook: Option<String>,

    /// The file with the secret that signs posted alerts, as from `openssl rand -base64 32`
    #[arg(long, value_name = "FILE", requires = "webhook")]
    webhook_secret_file: Option<PathBuf>,

    /// Write each alert to the system log
    #[arg(long)]
    syslog: bool,

    /// Also send an alert for each change of the store, with the head of the ledger for `history verify --head`
    #[arg(long)]
    alert_changes: bool,
}

impl SinkArgs {
    /// Whether nobody is to be told.
    pub(crate) fn is_empty(&self) -> bool {
        self.on_alert.is_none() && self.webhook.is_none() && !self.syslog
    }

    /// The places, if they make sense.
    pub(crate) fn config(&self) -> anyhow::Result<AlertConfig> {
        let syslog = if self.syslog { Syslog::Local } else { Syslog::Off };
        let changes = if self.alert_changes { Changes::Told } else { Changes::Untold };
        let mut config = AlertConfig::default().syslog(syslog).changes(changes);
        (config.webhook, config.command) = (self.webhook()?, self.on_alert.clone());
        config.validate().map_err(|error| Usage(error.to_string()))?;
        Ok(config)
    }

    fn webhook(&self) -> anyhow::Result<Option<Webhook>> {
        let (Some(url), Some(file)) = (&self.webhook, &self.webhook_secret_file) else { return Ok(None) };
        let secret = read_small(file)?.parse().map_err(|error| Usage(format!("{}: {error}", file.display())))?;
        let webhook = Webhook::new(url, secret).map_err(|error| Usage(crate::exit::chain(&error)))?;
        Ok(Some(webhook))
    }
}
